import { type Computing, type CreateMonitor, PrecisError, Summarizer } from "../summarizer/index.js";
import { showError } from "./alert.js";
import { chosenModel } from "./chosen-model.js";
import type { ComputeChoice } from "./compute-choice.js";
import { byId, oncePerFrame } from "./dom.js";
import { device, megabytes } from "./format.js";

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
  #loading: Promise<Summarizer> | null = null;
  /** Ends the loading under way. */
  #stop = new AbortController();

  /** The summarizer, or null while there is none. */
  ready: Summarizer | null = null;

  constructor(readonly compute: ComputeChoice) {
    // The model is kept by then, or a part of it: preparing it for another device takes a second or two.
    compute.onchange = () => {
      this.#stop.abort();
      this.ready?.destroy();
      this.ready = this.#loading = null;
      this.get().catch(() => undefined);
    };
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

  async #load(): Promise<Summarizer> {
    const { signal } = (this.#stop = new AbortController());
    const { model, name, bytes } = chosenModel();
    this.#name.textContent = name;
    this.#state.textContent = "loading";
    this.#device.textContent = "";
    this.#detail.textContent = "";
    this.#alert.replaceChildren();
    this.#progress.removeAttribute("value");
    this.#progress.hidden = false;
    try {
      const backend = this.compute.backend;
      const summarizer = await Summarizer.create({ model, backend, signal, monitor: (monitor) => this.#follow(monitor, bytes, signal) });
      if (signal.aborted) summarizer.destroy();
      signal.throwIfAborted();
      this.#loaded(summarizer);
      return summarizer;
    } catch (error) {
      // What was given up for another choice has nothing to say any more.
      if (!signal.aborted) this.#failed(error as PrecisError);
      throw error;
    }
  }

  #follow(monitor: CreateMonitor, bytes: number | null, signal: AbortSignal): void {
    let downloaded = 0;
    let prepared = 0;
    const draw = oncePerFrame(() => {
      // A last frame may come after the end.
      if (this.ready || this.#progress.hidden || signal.aborted) return;
      const preparing = downloaded === 1 && prepared > 0;
      // Two of three parts are the download: preparing takes a second or two on any connection.
      this.#progress.value = downloaded * (2 / 3) + prepared / 3;
      this.#state.textContent = preparing ? "preparing" : "loading";
      this.#detail.textContent = preparing || bytes === null ? "" : `${megabytes(downloaded * bytes)} of ${megabytes(bytes)}, once: it is kept on this device`;
    });
    monitor.addEventListener("downloadprogress", ({ loaded }) => ((downloaded = loaded), draw()));
    monitor.addEventListener("prepareprogress", ({ loaded }) => ((downloaded = 1), (prepared = loaded), draw()));
  }

  #loaded(summarizer: Summarizer): void {
    this.ready = summarizer;
    this.#progress.hidden = true;
    this.#state.textContent = "ready";
    this.showDevice(summarizer.model);
    this.#detail.textContent =
      summarizer.model.storage === "opfs" ? "Kept on this device: works without a connection." : "Held in memory only: it loads again next time.";
    this.onready();
  }

  #failed(error: PrecisError): void {
    this.#loading = null;
    this.#progress.hidden = true;
    this.#state.textContent = "not loaded";
    this.#detail.textContent = "";
    const retry = () => void this.get().catch(() => undefined);
    showError(this.#alert, error, error.code === "simd-unsupported" ? undefined : retry);
  }
}
