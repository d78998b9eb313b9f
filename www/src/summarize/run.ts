import { unlessAborted } from "../package/api/abort.js";
import { toPrecisError } from "../package/api/errors.js";
import { PrecisError, type RunEvent } from "../package/api/index.js";
import { showError } from "../ui/alert.js";
import { byId } from "../ui/dom.js";
import type { DocumentPanel } from "./document-panel.js";
import type { ModelPanel } from "./model-panel.js";
import type { ReadingView } from "./reading-view.js";
import type { ReportView } from "./report-view.js";
import type { ReuseChoice } from "./reuse.js";
import type { SummaryOptions } from "./summary-options.js";

/** Errors after which the same document may succeed. */
const WORTH_RETRYING = new Set(["worker-crashed", "out-of-memory", "internal", "download-failed", "storage-unavailable"]);

/** A text that consists of one address. */
const ADDRESS = /^\s*(https?:\/\/|www\.)\S+\s*$/i;

/** The buttons Summarize and Cancel. One run at a time. */
export class RunControl {
  readonly #summarize = byId("summarize", HTMLButtonElement);
  readonly #cancel = byId("cancel", HTMLButtonElement);
  readonly #alert = byId("alert", HTMLDivElement);
  #running: AbortController | null = null;

  constructor(
    readonly document: DocumentPanel,
    readonly model: ModelPanel,
    readonly reading: ReadingView,
    readonly report: ReportView,
    readonly reuse: ReuseChoice,
    readonly choices: SummaryOptions,
  ) {
    choices.onask = () => void this.start();
    this.#summarize.addEventListener("click", () => void this.start());
    this.#cancel.addEventListener("click", () => this.#running?.abort());
    byId("document", HTMLTextAreaElement).addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void this.start();
    });
  }

  /** Whether a run is in progress. */
  get running(): boolean {
    return this.#running !== null;
  }

  /** Summarizes the current document. */
  async start(): Promise<void> {
    if (this.#running) return;
    const started_ms = performance.timeOrigin + performance.now();
    const { signal } = this.#begin();
    try {
      if (!this.model.ready) this.reading.stage = "Waiting for the model";
      const summarizer = this.model.ready ?? (await unlessAborted(this.model.get(), signal));
      this.reading.stage = "Reading";
      const text = await unlessAborted(this.document.settled(), signal);
      if (text.trim() === "") throw new PrecisError("empty-document", "The document is empty: paste or open a text.");
      if (ADDRESS.test(text)) {
        throw new PrecisError("document-not-text", "This is only an address, and Précis does not open addresses: open the page yourself, and paste its text here, or save the page and open the file.");
      }
      // The worker may have sent events before it learned of the cancellation.
      const onprogress = (event: RunEvent) => {
        if (!signal.aborted) this.reading.take(event);
      };
      await summarizer.summarize(text, { ...this.choices.options, signal, started_ms, fresh: this.reuse.fresh, onprogress });
      const { report } = summarizer;
      window.precis.report = report;
      this.model.showDevice(summarizer.model);
      this.reading.finish("Done", report, text);
      this.report.show(report);
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#end();
    }
  }

  #begin(): AbortController {
    this.#running = new AbortController();
    window.precis.report = null;
    this.#alert.replaceChildren();
    this.report.show(null);
    this.reading.reset();
    const focused = document.activeElement === this.#summarize;
    this.#summarize.disabled = this.model.locked = true;
    this.#cancel.disabled = false;
    // A disabled button would lose the keyboard focus.
    if (focused) this.#cancel.focus();
    return this.#running;
  }

  #end(): void {
    this.#running = null;
    const focused = document.activeElement === this.#cancel;
    this.#cancel.disabled = true;
    this.#summarize.disabled = this.model.locked = false;
    if (focused) this.#summarize.focus();
    this.document.count();
  }

  #failed(error: unknown): void {
    const failure = toPrecisError(error);
    if (failure.code === "cancelled") return this.reading.finish("Cancelled", null);
    this.reading.finish("Failed", null);
    // The model panel shows errors of loading, with its own button.
    if (this.model.ready) showError(this.#alert, failure, WORTH_RETRYING.has(failure.code) ? () => void this.start() : undefined);
  }
}
