import { toPrecisError } from "../package/api/errors.js";
import { type Computing, type CreateMonitor, type LoadProgressEvent, PrecisError, Summarizer } from "../package/api/index.js";
import { showError } from "../ui/alert.js";
import { type Choice, choose, chosenModel, rememberKept } from "../ui/chosen-model.js";
import type { ComputeChoice } from "./compute-choice.js";
import { byId, nowAndThen } from "../ui/dom.js";
import { clock, device, megabytes } from "../ui/format.js";
import { keptBefore, persist } from "./model-storage.js";

/** Failures that trying again can't mend. */
const FINAL = new Set(["simd-unsupported", "model-unsupported-architecture", "model-unsupported-quant", "model-tokenizer", "licence-required"]);

/** The model's part of the header: loads it, shows how far that is, and offers to try again. */
export class ModelPanel {
  /** Set by the page: called when a model has become ready. */
  onready: () => void = () => undefined;

  readonly #name = byId("model-name", HTMLSpanElement);
  readonly #state = byId("model-state", HTMLSpanElement);
  readonly #progress = byId("model-progress", HTMLProgressElement);
  readonly #device = byId("device", HTMLSpanElement);
  readonly #detail = byId("model-detail", HTMLParagraphElement);
  readonly #alert = byId("model-alert", HTMLDivElement);
  readonly #chooser = byId("choose-model", HTMLButtonElement);
  #loading: Promise<Summarizer> | null = null;
  /** Ends the loading under way. */
  #stop = new AbortController();

  /** The summarizer, or null while there is none. */
  ready: Summarizer | null = null;

  constructor(readonly compute: ComputeChoice) {
    // The model is kept by then, or a part of it: preparing it for another device takes a second or two.
    compute.onchange = () => this.#reload();
  }

  /** Loads another model. */
  use(choice: Choice): void {
    choose(choice);
    this.#reload();
  }

  /** Ends the model that is loaded, because its file goes: asking for it again loads it again. */
  unload(): void {
    this.#end();
    this.#progress.hidden = true;
    this.#device.textContent = "";
    this.#alert.replaceChildren();
    this.#state.textContent = "deleted";
    this.#detail.textContent = "It is fetched again when you summarize, or choose another model.";
  }

  /** Hash of the model that is loaded. */
  get sha256(): string | null {
    return this.ready?.model.sha256 ?? null;
  }

  /** Whether nothing can be chosen, as during a run. */
  set locked(locked: boolean) {
    this.compute.disabled = this.#chooser.disabled = locked;
  }

  /** The summarizer as soon as it is ready. Loads it if the last attempt failed. */
  get(): Promise<Summarizer> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  /** Says what computes, and why, where that is not what was asked for. */
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
      // What was given up for another choice has nothing to say any more.
      if (!signal.aborted) this.#failed(toPrecisError(error));
      throw error;
    }
  }

  #follow(monitor: CreateMonitor, choice: Choice, signal: AbortSignal): void {
    let downloaded = 0;
    let prepared = 0;
    let doing = "";
    const draw = nowAndThen(() => {
      // A last frame may come after the end.
      if (this.ready || this.#progress.hidden || signal.aborted) return;
      const preparing = downloaded === 1 && prepared > 0;
      // Two of three parts are the download: preparing takes a second or two on any connection.
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

  /** Says where the model is, and for how long; and that the browser deleted it, where it did. */
  async #showStorage(summarizer: Summarizer): Promise<void> {
    const { storage, downloaded, sha256, bytes } = summarizer.model;
    if (storage === "memory") this.#detail.textContent = "Held in memory only: it loads again next time.";
    if (storage === "file") this.#detail.textContent = "Read from its file, which has to be opened again next time.";
    if (storage !== "opfs") return;
    const deleted = downloaded && keptBefore.has(sha256) ? "The browser had deleted the model to make room, so it was fetched again. " : "";
    keptBefore.add(sha256);
    rememberKept(sha256, bytes);
    const show = (promise: string) => (this.#detail.textContent = `${deleted}Kept on this device${promise}`);
    show(": works without a connection.");
    // A browser may ask the person first.
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

/** What has come of a download, how fast it is, and how long it takes still. */
function progressInWords({ bytes, totalBytes, bytesPerSecond, secondsLeft }: LoadProgressEvent, { model, keep }: Choice): string {
  const total = totalBytes === null ? "" : ` of ${megabytes(totalBytes)}`;
  // A file that is opened is read once, for its hash or to copy it.
  const once = model instanceof File ? "" : (keep ?? typeof model !== "string") ? ", once: it is kept on this device" : "";
  const left = secondsLeft === null ? "" : `, ${clock(secondsLeft * 1000)} left`;
  const rate = bytesPerSecond === null ? "" : ` · ${megabytes(bytesPerSecond)}/s${left}`;
  return `${megabytes(bytes)}${total}${once}${rate}`;
}
