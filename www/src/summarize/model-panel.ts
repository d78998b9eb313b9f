import { toPrecisError } from "../package/api/errors.js";
import { type Computing, type CreateMonitor, type LoadProgressEvent, PrecisError, Summarizer } from "../package/api/index.js";
import { showError } from "../ui/alert.js";
import { type Choice, choose, chosenModel, rememberKept } from "../ui/chosen-model.js";
import type { ComputeChoice } from "./compute-choice.js";
import { DownloadNotice } from "./download-notice.js";
import { byId, nowAndThen } from "../ui/dom.js";
import { device } from "../ui/format.js";
import { t } from "../ui/words/words.js";
import { keptBefore, persist } from "./model-storage.js";

/** Errors that would occur again on another try. */
const FINAL = new Set(["simd-unsupported", "model-unsupported-architecture", "model-unsupported-quant", "model-tokenizer", "licence-required"]);

/** The model: whether it is here, its download, which starts only when the person wants it, and errors with a way on. */
export class ModelPanel {
  /** Set by the page: called with how much of a model was downloaded, in words. */
  onprogress: (amount: string) => void = () => undefined;
  /** Set by the page: called when a model is ready. */
  onready: () => void = () => undefined;
  /** Set by the page: called when the person has chosen another model. */
  onchoice: () => void = () => undefined;

  readonly #name = byId("model-name", HTMLSpanElement);
  readonly #state = byId("model-state", HTMLSpanElement);
  readonly #device = byId("device", HTMLSpanElement);
  readonly #detail = byId("model-detail", HTMLParagraphElement);
  readonly #alert = byId("model-alert", HTMLDivElement);
  readonly #chooser = byId("choose-model", HTMLButtonElement);
  readonly #notice = new DownloadNotice();
  #loading: Promise<Summarizer> | null = null;
  /** Stops the current loading. */
  #stop = new AbortController();

  /** The summarizer, or null while there is none. */
  ready: Summarizer | null = null;

  constructor(readonly compute: ComputeChoice) {
    // A model that is not here yet is not fetched for it.
    compute.onchange = () => {
      if (this.#loading) this.#reload();
    };
    this.#notice.onstart = () => void this.get().catch(() => undefined);
    this.#notice.onpause = () => this.#pause();
    this.#notice.onother = () => this.#chooser.click();
  }

  /** Loads the model if it is on this device. Otherwise says what has to be downloaded, and fetches nothing. */
  async start(): Promise<void> {
    const choice = chosenModel();
    this.#name.textContent = choice.name;
    const found = await Summarizer.availability({ model: choice.model, ...(choice.keep !== undefined && { keep: choice.keep }) });
    // The person may have pressed Summarize or chosen another model meanwhile.
    if (this.#loading) return;
    if (found === "available" || found === "unavailable") return void this.get().catch(() => undefined);
    this.#state.textContent = t("not downloaded");
    this.#notice.offer(choice);
  }

  /** Loads another model. */
  use(choice: Choice): void {
    choose(choice);
    this.#reload();
    this.onchoice();
    this.#notice.reveal();
  }

  /** Unloads the model before its file is deleted. `get` loads it again. */
  unload(): void {
    this.#end();
    this.#device.textContent = "";
    this.#alert.replaceChildren();
    this.#state.textContent = t("deleted");
    this.#detail.textContent = "";
    this.#notice.offer(chosenModel());
  }

  /** SHA-256 of the loaded model. */
  get sha256(): string | null {
    return this.ready?.model.sha256 ?? null;
  }

  /** What decides the speed: the loaded model and what computes. */
  get setup(): string | null {
    return this.ready && `${this.ready.model.sha256} ${this.ready.model.backend} ${this.ready.model.threads}`;
  }

  /** Whether the person has to press Download first, because the browser asks to save data. Shows the button. */
  get mustAsk(): boolean {
    return this.#loading === null && this.#notice.asksFirst();
  }

  /** Whether the model and backend can't be changed, for example during a run. */
  set locked(locked: boolean) {
    this.compute.disabled = this.#chooser.disabled = locked;
    this.#notice.canChoose = !locked;
  }

  /** Resolves when the summarizer is ready. Loads it if the last attempt failed. */
  get(): Promise<Summarizer> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  /** Shows the device that computes, and the reason if it is not the requested one. */
  showDevice({ backend, threads, adapter, reason }: Computing): void {
    const denied = this.compute.backend === "webgpu" && backend !== "webgpu";
    this.#device.textContent = device(threads, adapter) + (denied && reason ? `: ${reason}` : "");
  }

  #end(): void {
    this.#stop.abort();
    this.ready?.destroy();
    this.ready = this.#loading = null;
  }

  #pause(): void {
    this.#stop.abort(new PrecisError("cancelled", "The download was paused."));
    this.#loading = null;
    this.#state.textContent = t("paused");
    this.#notice.paused();
  }

  #reload(): void {
    this.#end();
    this.get().catch(() => undefined);
  }

  async #load(): Promise<Summarizer> {
    const { signal } = (this.#stop = new AbortController());
    const choice = chosenModel();
    this.#name.textContent = choice.name;
    this.#state.textContent = t("loading");
    this.#device.textContent = "";
    this.#detail.textContent = "";
    this.#alert.replaceChildren();
    this.#notice.starting();
    try {
      const backend = this.compute.backend;
      const summarizer = await Summarizer.create({ ...choice, type: "auto", backend, remember: true, signal, monitor: (monitor) => this.#follow(monitor, choice, signal) });
      if (signal.aborted) summarizer.destroy();
      signal.throwIfAborted();
      this.#loaded(summarizer);
      return summarizer;
    } catch (error) {
      // Ignore errors after a pause, or after another model was chosen.
      if (!signal.aborted) this.#failed(toPrecisError(error));
      throw error;
    }
  }

  #follow(monitor: CreateMonitor, choice: Choice, signal: AbortSignal): void {
    let download: LoadProgressEvent | null = null;
    let prepared = 0;
    const draw = nowAndThen(() => {
      // A scheduled frame may come after loading has ended.
      if (this.ready || signal.aborted) return;
      this.#state.textContent = prepared > 0 ? t("preparing") : t("loading");
      this.#notice.progress(choice, download, prepared);
      this.onprogress(this.#notice.done);
    });
    monitor.addEventListener("downloadprogress", (event) => {
      download = event;
      draw();
    });
    monitor.addEventListener("prepareprogress", ({ loaded }) => {
      prepared = loaded;
      draw();
    });
  }

  #loaded(summarizer: Summarizer): void {
    this.ready = summarizer;
    this.#notice.hide();
    this.#state.textContent = t("ready");
    this.showDevice(summarizer.model);
    void this.#showStorage(summarizer);
    this.onready();
  }

  /** Shows where the model is stored and how long it stays there, and tells if the browser had deleted it. */
  async #showStorage(summarizer: Summarizer): Promise<void> {
    const { storage, notKept, downloaded, sha256, bytes } = summarizer.model;
    if (storage === "memory") {
      this.#detail.textContent =
        notKept === "storage-full"
          ? t("Kept in memory only, because this browser's storage has no room for it: the next visit downloads it again.")
          : t("Kept in memory only: the next visit downloads it again.");
    }
    if (storage === "file") {
      this.#detail.textContent = notKept
        ? t("This browser's storage could not keep the model: its file has to be opened again next time.")
        : t("Read from its file, which has to be opened again next time.");
    }
    if (storage !== "opfs") return;
    const deleted = downloaded && keptBefore.has(sha256) ? `${t("The browser had deleted the model to free space, so it was downloaded again.")} ` : "";
    keptBefore.add(sha256);
    rememberKept(sha256, bytes);
    const show = (promise: string) => (this.#detail.textContent = deleted + promise);
    show(t("Saved for offline use."));
    // The browser may ask the person, so show the storage before the answer.
    const persisted = await persist();
    if (this.ready !== summarizer) return;
    show(persisted ? t("Saved for offline use, until you delete it.") : t("Saved for offline use. The browser may delete it when space runs short."));
  }

  #failed(error: PrecisError): void {
    this.#loading = null;
    this.#notice.hide();
    this.#state.textContent = t("not loaded");
    this.#detail.textContent = "";
    const retry = () => void this.get().catch(() => undefined);
    showError(this.#alert, error, FINAL.has(error.code) ? undefined : retry);
  }
}
