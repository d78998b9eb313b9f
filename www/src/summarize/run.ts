import { unlessAborted } from "../package/api/abort.js";
import { toPrecisError } from "../package/api/errors.js";
import { PrecisError, type RunEvent } from "../package/api/index.js";
import { showError } from "../ui/alert.js";
import { byId } from "../ui/dom.js";
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
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void this.start();
      // Within a dialog Escape closes that.
      if (event.key === "Escape" && !document.querySelector("dialog[open]")) this.#running?.abort();
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
    const started_ms = performance.timeOrigin + performance.now();
    const { signal } = this.#begin(question);
    try {
      if (!model.ready) reading.stage = "Waiting for the model";
      const summarizer = model.ready ?? (await unlessAborted(model.get(), signal));
      reading.stage = "Reading";
      const text = await unlessAborted(document.settled(), signal);
      check(text);
      // The worker may have sent events before it learned of the cancellation.
      const onprogress = (event: RunEvent) => {
        if (!signal.aborted) reading.take(event);
      };
      await summarizer.summarize(text, { ...options.of(question), signal, started_ms, fresh: reuse.fresh, onprogress });
      const made = summarizer.report!;
      window.precis.report = made;
      model.showDevice(summarizer.model);
      reading.finish("Done", made, text);
      report.show(made);
      rememberSpeed(summarizer.model.sha256, made);
      if (question !== null) this.#question.value = "";
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#end();
    }
  }

  #begin(question: string | null): AbortController {
    this.#running = new AbortController();
    window.precis.report = null;
    this.#alert.replaceChildren();
    this.#parts.report.show(null);
    this.#parts.reading.begin(question);
    const focused = document.activeElement === this.#summarize || document.activeElement === document.body;
    this.#show(true);
    // A hidden button would lose the keyboard focus.
    if (focused) this.#cancel.focus({ preventScroll: true });
    this.onchange();
    // Below the document on narrow screens.
    const seen = byId(question === null ? "summary-title" : "answers", HTMLElement);
    if (innerWidth < 960) seen.scrollIntoView({ block: question === null ? "start" : "end" });
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

  #failed(error: unknown): void {
    const { model, reading } = this.#parts;
    const failure = toPrecisError(error);
    if (failure.code === "cancelled") return reading.finish("Cancelled", null);
    reading.finish("Failed", null);
    // The model panel shows errors of loading, with its own button.
    if (!model.ready) return;
    showError(this.#alert, failure, WORTH_RETRYING.has(failure.code) ? () => void this.start() : undefined);
    this.#alert.scrollIntoView({ block: "nearest" });
  }
}

/** Refuses what is not worth a model. */
function check(text: string): void {
  if (text.trim() === "") throw new PrecisError("empty-document", "The document is empty: paste or open a text.");
  if (ADDRESS.test(text)) {
    throw new PrecisError("document-not-text", "This is only an address, and Précis does not open addresses: open the page yourself, and paste its text here, or save the page and open the file.");
  }
}
