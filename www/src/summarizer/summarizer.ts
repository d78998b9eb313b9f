import { type Backend, BACKENDS } from "./build.js";
import { Client } from "./client.js";
import { cancelled, PrecisError, toPrecisError } from "./errors.js";
import { type ModelEntry, modelRequest, type ModelRequest } from "./model.js";
import { CreateMonitor } from "./monitor.js";
import { computing, type LoadedModel } from "./protocol.js";
import { asyncIterable } from "./stream.js";
import { watchVisibility } from "./visibility.js";
import type { Event as RunEvent, Options, Report } from "./wasm/simd/precis.js";

/** What `Summarizer.create` takes. */
export interface CreateOptions {
  /** An entry of `models.json`, a GGUF file from disk, or the address of one. */
  model: ModelEntry | Blob | string;
  /**
   * Whether the model stays in the browser's storage. Default: entries do, files and addresses, which nothing verifies, do
   * not. Those are kept under the hash that they turned out to have; an address is not asked again then.
   */
  keep?: boolean;
  /** Says that the person has accepted the licence of an entry that asks for it. Without, such a model is not fetched. */
  acceptLicence?: boolean;
  /** Default "auto": the GPU where it is faster than the processor, else the fastest build that this browser runs. */
  backend?: Backend;
  /** The most threads to use. Default: one for each processor, where the page is cross-origin isolated. */
  threads?: number;
  /**
   * Whether the engine's notes on parts of long documents are kept in the browser's storage, 2 MB at most. A document that was
   * read before, or the rest of one whose run was broken off, then takes only what is new, in this page or the next. They are
   * sentences about what was read, under a hash of it. Default: no, and they are forgotten with the Summarizer.
   */
  remember?: boolean;
  /** Stops the download; what is there by then is kept and the next `create` goes on from it. */
  signal?: AbortSignal;
  /** Called at once with the target of the progress events. */
  monitor?: (monitor: CreateMonitor) => void;
}

/** What a summary may be given beside the text. */
export interface SummarizeOptions extends Options {
  signal?: AbortSignal;
  /** Every step of the run, as the engine tells it. After "restarted", all that was read and written so far is void. */
  onprogress?: (event: RunEvent) => void;
}

/** A model, loaded in a worker of its own, that summarizes one document at a time. */
export class Summarizer {
  /** Documents have no limit in tokens: what exceeds the model's context is read in windows, unless `strategy` says otherwise. */
  readonly inputQuota = Infinity;

  readonly #request: ModelRequest;
  readonly #backend: Backend;
  readonly #threads: number | undefined;
  readonly #remember: boolean;
  #client: Promise<Client> | null = null;
  #loaded: LoadedModel | null = null;
  #report: Report | null = null;
  #destroyed = false;

  private constructor(request: ModelRequest, { backend = "auto", threads, remember = false }: CreateOptions) {
    this.#request = request;
    this.#backend = backend;
    this.#threads = threads;
    this.#remember = remember;
  }

  /** Downloads the model unless it is kept already, and prepares it. */
  static async create(options: CreateOptions): Promise<Summarizer> {
    checkOptions(options);
    const { model, signal, monitor } = options;
    const summarizer = new Summarizer(modelRequest(model, pageAddress(), options), options);
    const target = new CreateMonitor();
    monitor?.(target);
    summarizer.#client = summarizer.#open(signal, target);
    await summarizer.#client;
    return summarizer;
  }

  /** What was loaded, from where, and what computes: after a run that had to move, where it ended. */
  get model(): LoadedModel {
    return this.#loaded!;
  }

  /** The Report of the last run that ended well; null before the first. */
  get report(): Report | null {
    return this.#report;
  }

  /** The summary of `text`. Runs follow each other: a second call waits for the first. */
  async summarize(text: string, options: SummarizeOptions = {}): Promise<string> {
    const { signal, onprogress, ...engine } = options;
    const { started_ms = performance.timeOrigin + performance.now() } = engine;
    const hidden = watchVisibility();
    try {
      const client = await this.#connected(signal);
      const params = { text, options: { ...engine, started_ms } };
      const report = await client.call("summarize", params, { signal, onEvent: onprogress });
      report.environment.hidden_during_run = hidden.was();
      if (hidden.was() !== null) delete report.absent["environment.hidden_during_run"];
      this.#report = report;
      this.#loaded = { ...this.#loaded!, ...computing(report.backend) };
      return report.summary;
    } finally {
      hidden.stop();
    }
  }

  /**
   * The summary of `text` piece by piece, as it is written. Cancelling the stream stops the run. A run that loses its GPU
   * begins anew elsewhere; if pieces were handed out by then, the stream ends with the error `gpu-lost`, because they can't be
   * taken back.
   */
  summarizeStreaming(text: string, options: SummarizeOptions = {}): ReadableStream<string> & AsyncIterable<string> {
    const stop = new AbortController();
    const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
    let run: Promise<unknown> | undefined;
    let handedOut = false;
    let failed = false;
    const stream = new ReadableStream<string>({
      start: (controller) => {
        const onprogress = (event: RunEvent) => {
          // Now rather than at once: an engine on the move can't stop, and would be taken for stuck.
          if (failed) stop.abort();
          else if (event.type === "piece" && !stop.signal.aborted) {
            controller.enqueue(event.text);
            handedOut = true;
          } else if (event.type === "restarted" && handedOut && !stop.signal.aborted) {
            controller.error(new PrecisError("gpu-lost", `${event.reason} A part of the summary had been handed out: ask for it again.`));
            failed = true;
          }
          options.onprogress?.(event);
        };
        run = this.summarize(text, { ...options, signal, onprogress }).then(
          () => stop.signal.aborted || failed || controller.close(),
          (error: unknown) => stop.signal.aborted || failed || controller.error(error),
        );
      },
      cancel: async () => {
        stop.abort();
        await run;
      },
    });
    return asyncIterable(stream);
  }

  /** How many tokens `text` has. */
  async measureInputUsage(text: string, { signal }: { signal?: AbortSignal } = {}): Promise<number> {
    const client = await this.#connected(signal);
    return client.call("count", { text }, { signal });
  }

  /** Forgets what earlier runs noted of the documents that they read, here and in the browser's storage. */
  async forget(): Promise<void> {
    const client = await this.#connected(undefined);
    await client.call("forget", {});
  }

  /** Ends the worker and frees its memory; calls under way reject. The model stays in the browser's storage. */
  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    void this.#client?.then((client) => client.close(destroyedError()), () => undefined);
  }

  /** The live worker with its model; a new one when the last was lost. */
  async #connected(signal: AbortSignal | undefined): Promise<Client> {
    if (this.#destroyed) throw destroyedError();
    const last = this.#client;
    const client = await last?.catch(() => null);
    if (this.#destroyed) throw destroyedError();
    // Another call may have opened a worker in the meantime; for its sake this one is not given the signal either.
    if (!client?.alive && this.#client === last) this.#client = this.#open(undefined, new CreateMonitor());
    return unlessAborted(this.#client!, signal);
  }

  async #open(signal: AbortSignal | undefined, monitor: CreateMonitor): Promise<Client> {
    if (signal?.aborted) throw cancelled();
    const client = new Client();
    try {
      const params = { model: this.#request, backend: this.#backend, threads: this.#threads, remember: this.#remember, alarm: client.alarm };
      this.#loaded = await client.call("load", params, { signal, onEvent: (event) => monitor.report(event) });
      return client;
    } catch (error) {
      const failure = toPrecisError(error);
      client.close(failure);
      throw failure;
    }
  }
}

function checkOptions(options: CreateOptions): void {
  const { backend = "auto", threads = 1 } = options ?? {};
  if (!BACKENDS.includes(backend)) {
    throw new PrecisError("invalid-options", `Option backend is "${backend}": it must be one of "${BACKENDS.join('", "')}".`);
  }
  if (!Number.isInteger(threads) || threads < 1) {
    throw new PrecisError("invalid-options", `Option threads is ${threads}: it must be a whole number from 1.`);
  }
}

/** What relative addresses of models are relative to. */
export function pageAddress(): string {
  return typeof document === "undefined" ? location.href : document.baseURI;
}

function destroyedError(): PrecisError {
  return new PrecisError("destroyed", "This Summarizer was destroyed: create another.");
}

/** `promise`, or a rejection as soon as `signal` aborts; the promise itself goes on. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  if (signal.aborted) throw cancelled();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(cancelled());
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
