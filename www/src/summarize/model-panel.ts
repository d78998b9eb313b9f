import { toPrecisError } from "../package/api/errors.js";
import { type Computing, type CreateMonitor, type LoadProgressEvent, PrecisError, Summarizer } from "../package/api/index.js";
import { showError } from "../ui/alert.js";
import { type Choice, choose, chosenModel, rememberKept } from "../ui/chosen-model.js";
import type { ComputeChoice } from "./compute-choice.js";
import { byId, nowAndThen } from "../ui/dom.js";
import { clock, device, megabytes } from "../ui/format.js";
import { keptBefore, persist } from "./model-storage.js";

/** Errors that would occur again on another try. */
const FINAL = new Set(["simd-unsupported", "model-unsupported-architecture", "model-unsupported-quant", "model-tokenizer", "licence-required"]);

/** The model section of the header: loads the model, shows the progress, and offers to try again after an error. */
export class ModelPanel {
  /** Set by the page: called when a model is ready. */
  onready: () => void = () => undefined;

  readonly #name = byId("model-name", HTMLSpanElement);
  readonly #state = byId("model-state", HTMLSpanElement);
  readonly #progress = byId("model-progress", HTMLProgressElement);
  readonly #device = byId("device", HTMLSpanElement);
  readonly #detail = byId("model-detail", HTMLParagraphElement);
  readonly #alert = byId("model-alert", HTMLDivElement);
  readonly #chooser = byId("choose-model", HTMLButtonElement);
  #loading: Promise<Summarizer> | null = null;
  /** Stops the current loading. */
  #stop = new AbortController();

  /** The summarizer, or null while there is none. */
  ready: Summarizer | null = null;

  constructor(readonly compute: ComputeChoice) {
    // This is fast: the model is stored by then, at least in part, and preparing it takes a second or two.
    compute.onchange = () => this.#reload();
  }

  /** Loads another model. */
  use(choice: Choice): void {
    choose(choice);
    this.#reload();
  }

  /** Unloads the model before its file is deleted. `get` loads it again. */
  unload(): void {
    this.#end();
    this.#progress.hidden = true;
    this.#device.textContent = "";
    this.#alert.replaceChildren();
    this.#state.textContent = "deleted";
    this.#detail.textContent = "The model is downloaded again when you summarize. Or choose another model.";
  }

  /** SHA-256 of the loaded model. */
  get sha256(): string | null {
    return this.ready?.model.sha256 ?? null;
  }

  /** Whether the model and backend can't be changed, for example during a run. */
  set locked(locked: boolean) {
    this.compute.disabled = this.#chooser.disabled = locked;
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

  #reload(): void {
    this.#end();
    this.get().catch(() => undefined);
  }

  async #load(): Promise<Summarizer> {
    const { signal } = (this.#stop = new AbortController());
    const choice = chosenModel();
    this.#name.textContent = choice.name;
    this.#state.textContent = "loading";
    this.#device.textContent = "";
    this.#detail.textContent = "";
    this.#alert.replaceChildren();
    this.#progress.removeAttribute("value");
    this.#progress.hidden = false;
    try {
      const backend = this.compute.backend;
      const summarizer = await Summarizer.create({ ...choice, type: "auto", backend, remember: true, signal, monitor: (monitor) => this.#follow(monitor, choice, signal) });
      if (signal.aborted) summarizer.destroy();
      signal.throwIfAborted();
      this.#loaded(summarizer);
      return summarizer;
    } catch (error) {
      // Ignore errors after another model was chosen.
      if (!signal.aborted) this.#failed(toPrecisError(error));
      throw error;
    }
  }

  #follow(monitor: CreateMonitor, choice: Choice, signal: AbortSignal): void {
    let downloaded = 0;
    let prepared = 0;
    let doing = "";
    const draw = nowAndThen(() => {
      // A scheduled frame may come after loading has ended.
      if (this.ready || this.#progress.hidden || signal.aborted) return;
      const preparing = downloaded === 1 && prepared > 0;
      // The download counts as two thirds of the bar; preparing takes only a second or two.
      this.#progress.value = downloaded * (2 / 3) + prepared / 3;
      this.#state.textContent = preparing ? "preparing" : "loading";
      this.#detail.textContent = preparing ? "" : doing;
    });
    monitor.addEventListener("downloadprogress", (event) => {
      downloaded = event.loaded;
      doing = progressInWords(event, choice);
      draw();
    });
    monitor.addEventListener("prepareprogress", ({ loaded }) => ((downloaded = 1), (prepared = loaded), draw()));
  }

  #loaded(summarizer: Summarizer): void {
    this.ready = summarizer;
    this.#progress.hidden = true;
    this.#state.textContent = "ready";
    this.showDevice(summarizer.model);
    void this.#showStorage(summarizer);
    this.onready();
  }

  /** Shows where the model is stored and how long it stays there, and tells if the browser had deleted it. */
  async #showStorage(summarizer: Summarizer): Promise<void> {
    const { storage, downloaded, sha256, bytes } = summarizer.model;
    if (storage === "memory") this.#detail.textContent = "Kept in memory only: the next visit downloads it again.";
    if (storage === "file") this.#detail.textContent = "Read from its file, which has to be opened again next time.";
    if (storage !== "opfs") return;
    const deleted = downloaded && keptBefore.has(sha256) ? "The browser had deleted the model to free space, so it was downloaded again. " : "";
    keptBefore.add(sha256);
    rememberKept(sha256, bytes);
    const show = (promise: string) => (this.#detail.textContent = `${deleted}Kept on this device${promise}`);
    show(": works without a connection.");
    // The browser may ask the person, so show the storage before the answer.
    const persisted = await persist();
    if (this.ready !== summarizer) return;
    show(persisted ? " until you delete it: works without a connection." : ": works without a connection. The browser may delete it when space runs short.");
  }

  #failed(error: PrecisError): void {
    this.#loading = null;
    this.#progress.hidden = true;
    this.#state.textContent = "not loaded";
    this.#detail.textContent = "";
    const retry = () => void this.get().catch(() => undefined);
    showError(this.#alert, error, FINAL.has(error.code) ? undefined : retry);
  }
}

/** Progress, speed and remaining time of a download, in words. */
function progressInWords({ bytes, totalBytes, bytesPerSecond, secondsLeft }: LoadProgressEvent, { model, keep }: Choice): string {
  const total = totalBytes === null ? "" : ` of ${megabytes(totalBytes)}`;
  // A file from disk is not downloaded, only read for its hash or a copy.
  const once = model instanceof File ? "" : (keep ?? typeof model !== "string") ? ", once: it is kept on this device" : "";
  const left = secondsLeft === null ? "" : `, ${clock(secondsLeft * 1000)} left`;
  const rate = bytesPerSecond === null ? "" : ` · ${megabytes(bytesPerSecond)}/s${left}`;
  return `${megabytes(bytes)}${total}${once}${rate}`;
}
