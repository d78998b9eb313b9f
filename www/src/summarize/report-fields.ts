import type { Kind, Report } from "../package/api/index.js";
import { compact, duration, measured, megabytes, whole } from "../ui/format.js";

/** A line of a card: the path of its value in the report, and its format. */
export interface Field {
  label: string;
  path: string;
  show: (value: never) => string;
  /** Whether a tooltip shows the full value. */
  full?: boolean;
}

const text = (value: string) => value;
const yesNo = (value: boolean) => (value ? "yes" : "no");
const list = (values: string[]) => values.join(", ") || "none";
const rate = (value: number) => `${measured(value)} tokens/s`;

const KINDS: Record<Kind, string> = {
  prose: "prose",
  story: "story",
  transcript: "transcript",
  chat: "chat",
  mail: "mail",
  minutes: "minutes of a meeting",
  contract: "contract or rules",
  paper: "research paper",
  technical: "technical document",
  "release-notes": "release notes",
  table: "table",
  log: "log of a program",
  code: "source code",
};

const STRATEGIES: Record<string, string> = {
  "one-pass": "in one pass",
  windows: "in windows",
  passages: "the passages that match the question",
  "as-is": "not read: too short to summarize",
  digest: "not read: counted without a model",
};

const field = (label: string, path: string, show: (value: never) => string, full = false): Field => ({ label, path, show, full });

/** The cards below the main figure of the report, in the order of a run. */
export const CARDS: readonly { title: string; fields: readonly Field[] }[] = [
  {
    title: "Prefill",
    fields: [
      field("Speed", "prefill.tokens_per_second", rate),
      field("Tokens read", "prefill.tokens", whole),
      field("Tokens reused", "prefill.reused_tokens", whole),
      field("Time", "prefill.ms", duration),
    ],
  },
  {
    title: "Answer",
    fields: [
      field("First token after", "first_token_ms", duration),
      field("Decode speed", "decode.tokens_per_second", rate),
      field("Tokens written", "decode.tokens", whole),
      field("Time", "decode.ms", duration),
    ],
  },
  {
    title: "Plan",
    fields: [
      field("Reading method", "plan.strategy", (value: string) => STRATEGIES[value] ?? value),
      field("Windows", "plan.windows", whole),
      field("Windows reused", "plan.remembered", whole),
      field("Tokens of reused windows", "plan.remembered_tokens", whole),
      field("Largest chunk", "plan.chunk", (value: number) => `${whole(value)} tokens`),
      field("Context extension", "plan.context_extension", text),
      field("Request", "plan.request", text),
    ],
  },
  {
    title: "Document",
    fields: [
      field("Kind of document", "document.kind", (value: Kind) => KINDS[value]),
      field("Characters", "document.chars", whole),
      field("Tokens", "document.tokens", whole),
      field("Tokenizing", "document.tokenize_ms", duration),
    ],
  },
  {
    title: "Load",
    fields: [
      field("Read", "load.read_ms", duration),
      field("Prepare", "load.prepare_ms", duration),
      field("Pipelines", "load.pipelines_ms", duration),
      field("Size", "load.bytes", megabytes),
    ],
  },
  {
    title: "Memory",
    fields: [
      field("WebAssembly", "memory.wasm_bytes", megabytes),
      field("Keys and values", "memory.kv_bytes", megabytes),
      field("GPU", "memory.gpu_bytes", megabytes),
    ],
  },
  {
    title: "Peak of this device",
    fields: [
      field("Multiply-adds", "peak.gemm_gmacs", (value: number) => `${measured(value)} G/s`),
      field("Bandwidth", "peak.bandwidth_gbs", (value: number) => `${measured(value)} GB/s`),
      field("Efficiency", "peak.efficiency", (value: number) => `${Math.round(value * 100)} %`),
    ],
  },
  {
    title: "Engine",
    fields: [
      field("Backend", "backend.kind", text),
      field("Threads", "backend.threads", whole),
      field("Chosen because", "backend.reason", text),
      field("Adapter", "backend.adapter", text),
      field("Features", "backend.features", list),
      field("Version", "environment.version", text),
    ],
  },
  {
    title: "Model",
    fields: [
      field("Name", "model.id", text),
      field("Architecture", "model.architecture", text),
      field("Quantization", "model.quant", text),
      field("Parameters", "model.parameters", compact),
      field("Context", "model.context", (value: number) => `${whole(value)} tokens`),
      field("SHA-256", "model.sha256", (value: string) => `${value.slice(0, 12)}…`, true),
    ],
  },
  {
    title: "Environment",
    fields: [
      field("Logical cores", "environment.logical_cores", whole),
      field("Isolated", "environment.cross_origin_isolated", yesNo),
      field("Hidden during the run", "environment.hidden_during_run", yesNo),
      field("Browser", "environment.user_agent", text),
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
  return "not measured";
}
