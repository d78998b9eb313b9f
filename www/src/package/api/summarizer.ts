/// <reference lib="esnext.disposable" preserve="true" />
import { MAX_DOCUMENT } from "../definitions.js";
import { firstOf, unlessAborted } from "./abort.js";
import { assetUrls } from "../assets.js";
import { type Availability, availability } from "./availability.js";
import type { Backend } from "./build.js";
import { defaultModel } from "./catalogue.js";
import { Client } from "./client.js";
import { pageAddress, requireBrowser } from "./environment.js";
import { PrecisError, toPrecisError } from "./errors.js";
import type { AssetUrls } from "./fetch-asset.js";
import { type Languages, languagesOf, unknownLanguage } from "./languages.js";
import { type ModelEntry, modelRequest, type ModelRequest } from "./model.js";
import { CreateMonitor } from "./monitor.js";
import { checkedCall, checkedCreation, checkedText, type CoreOptions, type CreateOptions, preset, type SummarizeOptions, type SummaryLength, type SummaryType } from "./options.js";
import { computing, type LoadedModel } from "./protocol.js";
import { asyncIterable } from "./stream.js";
import { watchVisibility } from "./visibility.js";
import type { Event as RunEvent, Format, Options, PointReport, Report, Wording } from "../wasm/simd/precis.js";

/** Settings of a Summarizer. */
interface Settings {
  request: ModelRequest;
  assets: AssetUrls;
  backend: Backend;
  threads: number | undefined;
  remember: boolean;
  languages: Languages;
  type: SummaryType;
  length: SummaryLength;
  format: Format;
  sharedContext: string;
  wording: Wording | undefined;
}

/** Summarizes one document at a time, with a model in a dedicated worker. */
export class Summarizer {
  /** Maximum tokens of a text: the limit is 10 MB, and each token has at least one byte. Long texts are read in windows. */
  readonly inputQuota = MAX_DOCUMENT;

  readonly #settings: Settings;
  /** Aborts when this Summarizer is destroyed. */
  readonly #end = new AbortController();
  #client: Promise<Client> | null = null;
  #loaded: LoadedModel | null = null;
  #report: Report | null = null;

  private constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** Whether `create` can succeed with these options, and whether it must download first. Fetches nothing. */
  static async availability(options?: CoreOptions): Promise<Availability> {
    return availability(options);
  }

  /**
   * Downloads the model if it is not stored yet, and loads it. The default is the catalogue's first model. Rejects with a
   * PrecisError, or with the signal's reason.
   */
  static async create(options?: CreateOptions): Promise<Summarizer> {
    const given = checkedCreation(options);
    const { model = defaultModel, signal, monitor } = given;
    requireBrowser();
    const settings = settingsOf(given, model);
    signal?.throwIfAborted();
    const target = new CreateMonitor();
    monitor?.(target);
    const unknown = unknownLanguage(settings.languages, model);
    if (unknown !== null) {
      throw new PrecisError("language-unsupported", `The model ${settings.request.id} was not trained for the language "${unknown}". Choose another model, or omit the language.`);
    }
    if (given.mayDownload === false && (await availability(given)) === "downloadable") {
      throw new PrecisError("download-refused", `The model ${settings.request.id} is not on this device, and this call may not download it. Ask the person, and call create again without mayDownload: false.`);
    }
    const summarizer = new Summarizer(settings);
    summarizer.#client = summarizer.#open(signal, target);
    await unlessAborted(summarizer.#client, signal);
    target.finish();
    // The listener of the last event may abort.
    await unlessAborted(nextTask(), signal);
    signal?.addEventListener("abort", () => summarizer.#destroy(signal.reason), { signal: summarizer.#end.signal });
    return summarizer;
  }

  get type(): SummaryType {
    return this.#settings.type;
  }

  get format(): Format {
    return this.#settings.format;
  }

  get length(): SummaryLength {
    return this.#settings.length;
  }

  /** "" if there is none. */
  get sharedContext(): string {
    return this.#settings.sharedContext;
  }

  get expectedInputLanguages(): readonly string[] | null {
    return this.#settings.languages.expectedInputLanguages;
  }

  get expectedContextLanguages(): readonly string[] | null {
    return this.#settings.languages.expectedContextLanguages;
  }

  get outputLanguage(): string | null {
    return this.#settings.languages.outputLanguage;
  }

  /** The loaded model and its backend. A run that moves to another backend changes it. */
  get model(): LoadedModel {
    return this.#loaded!;
  }

  /** The report of the last successful run; null before the first. */
  get report(): Report | null {
    return this.#report;
  }

  /** The sentences of the last summary, with their passages in the text. */
  get points(): readonly PointReport[] {
    return this.#report?.points ?? [];
  }

  /**
   * Summarizes `text`; "" if the text is empty. A second call waits for the first. Rejects with a PrecisError, or with the signal's
   * reason.
   */
  async summarize(text: string, options?: SummarizeOptions): Promise<string> {
    const { signal, ...given } = checkedCall(options);
    return this.#until(signal, (stop) => this.#run(checkedText(text), given, stop));
  }

  /**
   * Streams the summary of `text` in pieces while it is written. Cancelling the stream stops the run. A run that loses its GPU
   * restarts; if the stream has already delivered pieces, it ends with the error `gpu-lost`, because they can't be taken back.
   * Throws synchronously if the options are wrong, the signal is aborted, or this Summarizer is destroyed.
   */
  summarizeStreaming(text: string, options?: SummarizeOptions): ReadableStream<string> & AsyncIterable<string> {
    const { signal, onprogress, ...given } = checkedCall(options);
    const input = checkedText(text);
    const left = new AbortController();
    const { signal: stop, release } = firstOf(this.#end.signal, signal, left.signal);
    stop.throwIfAborted();
    let over = false;
    const stream = new ReadableStream<string>({
      start: (controller) => {
        let handedOut = false;
        const fail = (error: unknown) => {
          if (!over) controller.error(error);
          over = true;
        };
        stop.addEventListener("abort", () => fail(stop.reason));
        const tell = (event: RunEvent) => {
          if (event.type === "piece" && !over) {
            controller.enqueue(event.text);
            handedOut = true;
          } else if (event.type === "restarted" && handedOut) {
            fail(new PrecisError("gpu-lost", `${event.reason} A part of the summary was already delivered: summarize again.`));
          } else if (over) {
            // Only now: while the engine moves to another backend it can't stop, and its worker would be ended.
            left.abort();
          }
          onprogress?.(event);
        };
        const end = () => {
          if (!over) controller.close();
          over = true;
        };
        void this.#run(input, { ...given, onprogress: tell }, stop).then(end, fail).finally(release);
      },
      cancel: () => {
        over = true;
        left.abort();
      },
    });
    return asyncIterable(stream);
  }

  /** Counts the tokens of `text` and its context. */
  async measureInputUsage(text: string, options?: Pick<SummarizeOptions, "signal" | "context">): Promise<number> {
    const { signal, context = "" } = checkedCall(options);
    return this.#until(signal, async (stop) => {
      const input = checkedText(text) + (context.trim() && `\n${context}`);
      return (await this.#connected()).call("count", { text: input }, { signal: stop });
    });
  }

  /** Deletes the notes of earlier runs, in memory and in the browser's storage. */
  async forget(): Promise<void> {
    this.#end.signal.throwIfAborted();
    await (await this.#connected()).call("forget", {});
  }

  /** Ends the worker and frees its memory. Pending calls reject. The model stays in the browser's storage. */
  destroy(): void {
    this.#destroy(new PrecisError("destroyed", "This Summarizer was destroyed: create another."));
  }

  #destroy(reason: unknown): void {
    if (this.#end.signal.aborted) return;
    this.#end.abort(reason);
    const error = toPrecisError(reason);
    void this.#client?.then((client) => client.close(error), () => undefined);
  }

  /** The result of `work`, unless `signal` aborts or this Summarizer is destroyed first. */
  async #until<T>(signal: AbortSignal | undefined, work: (stop: AbortSignal) => Promise<T>): Promise<T> {
    const { signal: stop, release } = firstOf(this.#end.signal, signal);
    try {
      stop.throwIfAborted();
      return await unlessAborted(work(stop), stop);
    } finally {
      release();
    }
  }

  async #run(text: string, { onprogress, ...given }: SummarizeOptions, signal: AbortSignal): Promise<string> {
    // The specification wants an empty summary for an empty text.
    if (!/[^\s\p{Cc}]/u.test(text)) return "";
    const options = this.#asked(given);
    const hidden = watchVisibility();
    try {
      const client = await this.#connected();
      const report = await client.call("summarize", { text, options }, { signal, onEvent: onprogress });
      report.environment.hidden_during_run = hidden.was();
      if (hidden.was() !== null) delete report.absent["environment.hidden_during_run"];
      this.#report = report;
      this.#loaded = { ...this.#loaded!, ...computing(report.backend) };
      return report.summary;
    } finally {
      hidden.stop();
    }
  }

  /** The engine's options: those of `create`, overridden by those of the call. */
  #asked(given: Partial<Options>): Partial<Options> {
    const { type, length, format, sharedContext, wording } = this.#settings;
    const { sentences, ...rest } = preset(type, length, format);
    const context = joined(sharedContext, given.context ?? "");
    const started_ms = performance.timeOrigin + performance.now();
    // A length of the call replaces the sentences of the preset.
    const counted = given.length === undefined && sentences !== undefined ? { sentences } : {};
    return { ...rest, ...counted, ...(wording && { wording }), started_ms, ...given, ...(context && { context }) };
  }

  /** The worker with its model; a new one if the last was lost. */
  async #connected(): Promise<Client> {
    this.#end.signal.throwIfAborted();
    const last = this.#client;
    const client = await last?.catch(() => null);
    // A worker that does not stop is ended, and replaced below.
    await client?.stopped();
    this.#end.signal.throwIfAborted();
    // Another call may have opened a worker in the meantime.
    if (!client?.alive && this.#client === last) this.#client = this.#open(undefined, new CreateMonitor());
    return this.#client!;
  }

  async #open(signal: AbortSignal | undefined, monitor: CreateMonitor): Promise<Client> {
    const { request, assets, backend, threads, remember } = this.#settings;
    const client = await Client.open(assets);
    try {
      const params = { assets, model: request, backend, threads, remember, alarm: client.alarm };
      this.#loaded = await client.call("load", params, { signal, onEvent: (event) => monitor.report(event) });
      return client;
    } catch (error) {
      const failure = toPrecisError(error);
      client.close(failure);
      throw failure;
    }
  }
}

/** `using` destroys it, if the browser supports `using`. */
export interface Summarizer extends Disposable {}
if (Symbol.dispose) {
  Object.defineProperty(Summarizer.prototype, Symbol.dispose, { value: Summarizer.prototype.destroy, writable: true, configurable: true });
}

function settingsOf(options: CreateOptions, model: ModelEntry | Blob | string): Settings {
  const { type = "key-points", format = "markdown", length = "short", sharedContext = "", backend = "auto", threads, remember = false, wording } = options;
  // The specification checks languages first.
  const languages = languagesOf(options);
  const request = modelRequest(model, pageAddress(), options);
  return { request, assets: assetUrls(options.assetsUrl), backend, threads, remember, languages, type, length, format, sharedContext, wording };
}

function joined(one: string, other: string): string {
  return [one.trim(), other.trim()].filter(Boolean).join("\n");
}

/** Resolves in the next task. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
