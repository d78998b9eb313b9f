import type { Report } from "../package/api/index.js";
import { copy } from "../ui/clipboard.js";
import { byId, element } from "../ui/dom.js";
import { duration, measured, megabytes, readInWords } from "../ui/format.js";
import { cards, type Field, reasonAt, valueAt } from "./report-fields.js";
import { download } from "../ui/save-file.js";
import { t, tn } from "../ui/words/words.js";

/** The region "Report": the run in a sentence, the cards, and the JSON to copy or download. */
export class ReportView {
  readonly #cards = byId("cards", HTMLDivElement);
  readonly #line = byId("report-line", HTMLParagraphElement);
  readonly #copied = byId("copied", HTMLSpanElement);
  readonly #copy = byId("copy", HTMLButtonElement);
  readonly #download = byId("download-report", HTMLButtonElement);
  #json = "";

  constructor() {
    this.#copy.addEventListener("click", () => void copy(this.#json, this.#copied, t("Copied"), t("Copying was not allowed: use Download JSON")));
    this.#download.addEventListener("click", () => this.#downloadJson());
  }

  /** Shows `report`; null during a run. */
  show(report: Report | null): void {
    this.#json = report ? JSON.stringify(report, null, 2) : "";
    this.#copied.textContent = "";
    this.#copy.disabled = this.#download.disabled = !report;
    this.#line.textContent = report ? inWords(report) : t("How fast this device read, and what it took, appears here after a summary.");
    this.#cards.replaceChildren(...(report ? [headline(report), ...cards().map(({ title, fields }) => card(report, title, fields))] : []));
  }

  #downloadJson(): void {
    download(new Blob([this.#json], { type: "application/json" }), "precis-report.json");
  }
}

/** What the run did, in a sentence. */
function inWords({ prefill, backend, plan }: Report): string {
  if (plan.strategy === "as-is" || plan.strategy === "digest") return t("No model was needed for this document.");
  if (prefill.tokens === 0) return t("Everything that this needed was read before, so nothing was read now.");
  const facts = [
    readInWords(prefill.tokens, prefill.ms),
    prefill.tokens_per_second === null ? "" : t("{speed} tokens per second", { speed: measured(prefill.tokens_per_second) }),
    onDevice(backend),
  ];
  // Prompts of one run share their first words.
  const reused = prefill.reused_tokens > prefill.tokens / 10 || (plan.remembered ?? 0) > 0 ? ` ${t("Parts that were read before took no time.")}` : "";
  return `${facts.filter(Boolean).join(", ")}.${reused}`;
}

function onDevice({ threads, adapter, kind }: Report["backend"]): string {
  if (adapter !== null) return t("on the GPU, {adapter} ({kind})", { adapter, kind });
  return tn(threads, "on the processor, {count} thread ({kind})", "on the processor, {count} threads ({kind})", { kind });
}

/** The main figure, and two or three further ones. */
function headline(report: Report): HTMLElement {
  const speed = figure(report, "prefill.tokens_per_second", measured);
  speed.classList.add("figure");
  const second = (label: string, path: string, show: (value: number) => string) => {
    const shown = figure(report, path, show);
    shown.classList.add("second");
    return element("p", "", shown, element("span", "unit", label));
  };
  return element(
    "div",
    "headline",
    element("p", "readout", speed, " ", element("span", "unit", t("tokens per second read"))),
    second(t("until the first word"), "first_token_ms", duration),
    // Not everything is written: the default model only reads.
    ...(report.decode.tokens > 0 ? [second(t("tokens per second written"), "decode.tokens_per_second", measured)] : []),
    second(t("of memory"), "memory.wasm_bytes", megabytes),
  );
}

function figure(report: Report, path: string, show: (value: number) => string): HTMLElement {
  const value = valueAt(report, path);
  return typeof value === "number" ? element("span", "", show(value)) : absent(report, path);
}

function card(report: Report, title: string, fields: readonly Field[]): HTMLElement {
  const rows = fields.map((field) => element("div", "row", element("dt", "", field.label), value(report, field)));
  return element("section", "card", element("h3", "", title), element("dl", "", ...rows));
}

function value(report: Report, { path, show, full }: Field): HTMLElement {
  const raw = valueAt(report, path);
  if (raw === null || raw === undefined) return element("dd", "", absent(report, path));
  const dd = element("dd", "", show(raw as never));
  if (full) dd.title = String(raw);
  return dd;
}

/** A dash, with the reason as a tooltip and for screen readers. */
function absent(report: Report, path: string): HTMLElement {
  const reason = reasonAt(report, path);
  const dash = element("span", "", "—");
  dash.ariaHidden = "true";
  const whole = element("span", "absent", dash, element("span", "visually-hidden", t("none: {reason}", { reason })));
  whole.title = reason;
  return whole;
}
