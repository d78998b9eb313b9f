import { unlessAborted } from "../package/api/abort.js";
import { toPrecisError } from "../package/api/errors.js";
import type { PrecisError, RunEvent } from "../package/api/index.js";
import { showError } from "../ui/alert.js";
import { byId, showIfNarrow } from "../ui/dom.js";
import { PageError } from "../ui/words/errors.js";
import { t } from "../ui/words/words.js";
import type { DocumentPanel } from "./document-panel.js";
import { rememberSpeed } from "./estimate.js";
import type { ModelPanel } from "./model-panel.js";
import type { ReadingView } from "./reading-view.js";
import type { ReportView } from "./report-view.js";
import type { ReuseChoice } from "./reuse.js";
import type { SummaryOptions } from "./summary-options.js";

/** Errors after which the same document may succeed. */
const WORTH_RETRYING = new Set(["worker-crashed", "out-of-memory", "internal", "download-failed", "storage-unavailable"]);

/** A text that consists of one address. */
const ADDRESS = /^\s*(https?:\/\/|www\.)\S+\s*$/i;

/** The parts of the page that a run uses. */
export interface Parts {
  document: DocumentPanel;
  model: ModelPanel;
  reading: ReadingView;
  report: ReportView;
  reuse: ReuseChoice;
  options: SummaryOptions;
}

/** The buttons Summarize, Cancel and Ask. One run at a time. */
export class RunControl {
  readonly #summarize = byId("summarize", HTMLButtonElement);
  readonly #cancel = byId("cancel", HTMLButtonElement);
  readonly #ask = byId("ask-now", HTMLButtonElement);
  readonly #question = byId("instruction", HTMLInputElement);
  readonly #alert = byId("alert", HTMLDivElement);
  readonly #parts: Parts;
  #running: AbortController | null = null;
  /** Set by the page: called when a run begins or ends. */
  onchange: () => void = () => undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    parts.options.onagain = () => void this.start();
    this.#summarize.addEventListener("click", () => void this.start());
    this.#cancel.addEventListener("click", () => this.#running?.abort());
    byId("ask", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      const question = this.#question.value.trim();
      if (question) void this.start(question);
    });
    addEventListener("keydown", (event) => {
      // A dialog and the card of a source have keys of their own.
      if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
      const summarizes = event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target !== this.#question;
      if (summarizes) void this.start();
      if (event.key === "Escape") this.#running?.abort();
    });
    addEventListener("beforeunload", (event) => {
      if (this.#running) event.preventDefault();
    });
  }

  /** Whether a run is in progress. */
  get running(): boolean {
    return this.#running !== null;
  }

  /** Summarizes the current document, or answers a question about it. */
  async start(question: string | null = null): Promise<void> {
    if (this.#running) return;
    const { document, model, reading, report, reuse, options } = this.#parts;
    if (model.mustAsk) return;
    document.endTyping();
    // What can't be read must not replace the last summary.
    const fault = document.loading ? null : faultOf(document.text);
    if (fault) return this.#refuse(fault);
    const started_ms = performance.timeOrigin + performance.now();
    const { signal } = this.#begin(question);
    try {
      if (!model.ready) reading.stage = t("Waiting for the model");
      const summarizer = model.ready ?? (await unlessAborted(model.get(), signal));
      reading.stage = t("Reading");
      const text = await unlessAborted(document.settled(), signal);
      const found = faultOf(text);
      if (found) throw found;
      // The worker may have sent events before it learned of the cancellation.
      const onprogress = (event: RunEvent) => {
        if (!signal.aborted) reading.take(event);
      };
      await summarizer.summarize(text, { ...options.of(question), signal, started_ms, fresh: reuse.fresh, onprogress });
      const made = summarizer.report!;
      window.precis.report = made;
      model.showDevice(summarizer.model);
      reading.finish(t("Done"), made, text);
      report.show(made);
      if (question !== null) reading.summary.answer?.scrollIntoView({ block: "nearest" });
      if (model.setup) rememberSpeed(model.setup, made);
      if (question !== null) this.#question.value = "";
    } catch (error) {
      this.#failed(error, question);
    } finally {
      this.#end();
    }
  }

  #begin(question: string | null): AbortController {
    this.#running = new AbortController();
    window.precis.report = null;
    this.#alert.replaceChildren();
    this.#parts.report.show(null);
    // Buttons that are hidden lose the keyboard focus.
    const { activeElement } = document;
    const focused = activeElement === this.#summarize || activeElement === document.body || activeElement?.closest("#again, #summary-request") != null;
    this.#parts.reading.begin(question);
    this.#show(true);
    if (focused) this.#cancel.focus({ preventScroll: true });
    this.onchange();
    if (question === null) showIfNarrow(byId("summary-title", HTMLElement), "start");
    else showIfNarrow(this.#parts.reading.summary.answer!, "start");
    return this.#running;
  }

  #end(): void {
    this.#running = null;
    const focused = document.activeElement === this.#cancel;
    this.#show(false);
    if (focused) this.#summarize.focus({ preventScroll: true });
    this.#parts.document.count();
    this.onchange();
  }

  #show(running: boolean): void {
    this.#summarize.hidden = running;
    this.#cancel.hidden = !running;
    this.#ask.disabled = this.#parts.model.locked = running;
  }

  /** Shows why a run can't begin. */
  #refuse(error: PrecisError): void {
    this.#parts.reading.stage = t("Failed");
    showError(this.#alert, error);
    this.#alert.scrollIntoView({ block: "nearest" });
  }

  #failed(error: unknown, question: string | null): void {
    const { model, reading, report } = this.#parts;
    const last = reading.summary.results.at(-1)?.report ?? null;
    report.show((window.precis.report = last));
    const failure = toPrecisError(error);
    if (failure.code === "cancelled") return reading.finish(t("Cancelled"), null);
    reading.finish(t("Failed"), null);
    // The model panel shows errors of loading, with its own button.
    if (!model.ready) return;
    showError(this.#alert, failure, WORTH_RETRYING.has(failure.code) ? () => void this.start(question) : undefined);
    this.#alert.scrollIntoView({ block: "nearest" });
  }
}

/** Why a text is not worth a model; null if it may be. */
function faultOf(text: string): PrecisError | null {
  if (text.trim() === "") return new PageError("empty-document", t("The document is empty: paste or open a text."));
  if (ADDRESS.test(text)) {
    return new PageError("document-not-text", t("This is only an address, and Précis does not open addresses: open the page yourself, and paste its text here, or save the page and open the file."));
  }
  return null;
}
