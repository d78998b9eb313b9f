import type { Kind, Report } from "../package/api/index.js";
import { compact, duration, languageName, measured, megabytes, tokens, whole } from "../ui/format.js";
import { t } from "../ui/words/words.js";

/** A line of a card: the path of its value in the report, and its format. */
export interface Field {
  label: string;
  path: string;
  show: (value: never) => string;
  /** Whether a tooltip shows the full value. */
  full?: boolean;
}

const text = (value: string) => value;
const yesNo = (value: boolean) => (value ? t("yes") : t("no"));
const list = (values: string[]) => values.join(", ") || t("none");
const rate = (value: number) => t("{value} tokens/s", { value: measured(value) });

const kinds = (): Record<Kind, string> => ({
  prose: t("prose"),
  story: t("story"),
  transcript: t("transcript"),
  chat: t("chat"),
  mail: t("mail"),
  minutes: t("minutes of a meeting"),
  contract: t("contract or rules"),
  paper: t("research paper"),
  technical: t("technical document"),
  "release-notes": t("release notes"),
  table: t("table"),
  log: t("log of a program"),
  code: t("source code"),
});

const strategies = (): Record<string, string> => ({
  "one-pass": t("in one pass"),
  windows: t("in windows"),
  passages: t("the passages that match the question"),
  "as-is": t("not read: too short to summarize"),
  digest: t("not read: counted without a model"),
});

const field = (label: string, path: string, show: (value: never) => string, full = false): Field => ({ label, path, show, full });

/** The cards below the main figure of the report, in the order of a run. */
export const cards = (): readonly { title: string; fields: readonly Field[] }[] => [
  {
    title: t("Prefill"),
    fields: [
      field(t("Speed"), "prefill.tokens_per_second", rate),
      field(t("Tokens read"), "prefill.tokens", whole),
      field(t("Tokens reused"), "prefill.reused_tokens", whole),
      field(t("Time"), "prefill.ms", duration),
    ],
  },
  {
    title: t("Answer"),
    fields: [
      field(t("First token after"), "first_token_ms", duration),
      field(t("Decode speed"), "decode.tokens_per_second", rate),
      field(t("Tokens written"), "decode.tokens", whole),
      field(t("Time"), "decode.ms", duration),
    ],
  },
  {
    title: t("Plan"),
    fields: [
      field(t("Reading method"), "plan.strategy", (value: string) => strategies()[value] ?? value),
      field(t("Windows"), "plan.windows", whole),
      field(t("Windows reused"), "plan.remembered", whole),
      field(t("Tokens of reused windows"), "plan.remembered_tokens", whole),
      field(t("Largest chunk"), "plan.chunk", tokens),
      field(t("Context extension"), "plan.context_extension", text),
      field(t("Request"), "plan.request", text),
    ],
  },
  {
    title: t("Document"),
    fields: [
      field(t("Kind of document"), "document.kind", (value: Kind) => kinds()[value]),
      field(t("Language"), "document.language", languageName),
      field(t("Characters"), "document.chars", whole),
      field(t("Tokens"), "document.tokens", whole),
      field(t("Tokenizing"), "document.tokenize_ms", duration),
    ],
  },
  {
    title: t("Load"),
    fields: [
      field(t("Read"), "load.read_ms", duration),
      field(t("Prepare"), "load.prepare_ms", duration),
      field(t("Pipelines"), "load.pipelines_ms", duration),
      field(t("Size"), "load.bytes", megabytes),
    ],
  },
  {
    title: t("Memory"),
    fields: [
      field(t("WebAssembly"), "memory.wasm_bytes", megabytes),
      field(t("Keys and values"), "memory.kv_bytes", megabytes),
      field(t("GPU"), "memory.gpu_bytes", megabytes),
    ],
  },
  {
    title: t("Peak of this device"),
    fields: [
      field(t("Multiply-adds"), "peak.gemm_gmacs", (value: number) => t("{value} G/s", { value: measured(value) })),
      field(t("Bandwidth"), "peak.bandwidth_gbs", (value: number) => t("{value} GB/s", { value: measured(value) })),
      field(t("Efficiency"), "peak.efficiency", (value: number) => t("{value} %", { value: whole(value * 100) })),
    ],
  },
  {
    title: t("Engine"),
    fields: [
      field(t("Backend"), "backend.kind", text),
      field(t("Threads"), "backend.threads", whole),
      field(t("Chosen because"), "backend.reason", text),
      field(t("Adapter"), "backend.adapter", text),
      field(t("Features"), "backend.features", list),
      field(t("Version"), "environment.version", text),
    ],
  },
  {
    title: t("Model"),
    fields: [
      field(t("Name"), "model.id", text),
      field(t("Architecture"), "model.architecture", text),
      field(t("Quantization"), "model.quant", text),
      field(t("Parameters"), "model.parameters", compact),
      field(t("Context"), "model.context", tokens),
      field(t("SHA-256"), "model.sha256", (value: string) => `${value.slice(0, 12)}…`, true),
    ],
  },
  {
    title: t("Environment"),
    fields: [
      field(t("Logical cores"), "environment.logical_cores", whole),
      field(t("Isolated"), "environment.cross_origin_isolated", yesNo),
      field(t("Hidden during the run"), "environment.hidden_during_run", yesNo),
      field(t("Browser"), "environment.user_agent", text),
    ],
  },
];

/** The value at a dotted path of the report; undefined if it is missing. */
export function valueAt(report: Report, path: string): unknown {
  return path.split(".").reduce<unknown>((value, key) => (value as Record<string, unknown> | null | undefined)?.[key], report);
}

/** Why the value at `path` is null: the reason given for it or for its parent. */
export function reasonAt(report: Report, path: string): string {
  for (let at = path; at; at = at.slice(0, Math.max(0, at.lastIndexOf(".")))) {
    const reason = report.absent[at];
    if (reason) return reason;
  }
  return t("not measured");
}
