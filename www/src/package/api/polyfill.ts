/**
 * `precis/polyfill`: defines `globalThis.Summarizer` if the browser has none, or if the browser's is "unavailable". It follows the
 * specification (webmachinelearning/writing-assistance-apis), including the errors, whose `cause` is the PrecisError.
 */
import { firstOf } from "./abort.js";
import type { Availability } from "./availability.js";
import { PrecisError } from "./errors.js";
import type { CreateOptions, SummarizeOptions } from "./options.js";
import { asyncIterable } from "./stream.js";
import { Summarizer as Engine } from "./summarizer.js";

/** Options that the specification does not have: the model, and how it computes. */
export type Configuration = Pick<CreateOptions, "model" | "keep" | "acceptLicence" | "backend" | "threads" | "remember" | "assetsUrl" | "wording">;

let configuration: Configuration = {};

/** Sets these options for every Summarizer created later. */
export function configure(options: Configuration): void {
  configuration = { ...options };
}

/** Members of the specification's dictionaries. Other options of a caller are ignored. */
const OF_CREATION = ["expectedContextLanguages", "expectedInputLanguages", "format", "length", "monitor", "outputLanguage", "sharedContext", "signal", "type"];
const OF_AVAILABILITY = ["expectedContextLanguages", "expectedInputLanguages", "format", "length", "outputLanguage", "type"];
const OF_A_CALL = ["context", "signal"];

/** Members that are converted to strings, like in Web IDL. */
const STRINGS = new Set(["context", "format", "length", "outputLanguage", "sharedContext", "type"]);

/** The type that only this package has. The specification rejects it. */
const OWN_TYPE = "auto";

function members(options: unknown, names: readonly string[]): Record<string, unknown> {
  if (options === undefined || options === null) return {};
  if (typeof options !== "object" && typeof options !== "function") throw new TypeError("The options must be an object.");
  const given = names.map((name) => [name, (options as Record<string, unknown>)[name]] as const).filter(([, value]) => value !== undefined);
  const converted = given.map(([name, value]) => [name, STRINGS.has(name) ? `${value as string}` : value] as const);
  if (converted.some(([name, value]) => name === "type" && value === OWN_TYPE)) throw new TypeError(`Option type is "${OWN_TYPE}".`);
  return Object.fromEntries(converted);
}

/** The specification's error names for our codes. All other codes are an UnknownError. */
const NAMES: Record<string, string> = {
  "browser-unsupported": "NotSupportedError",
  "simd-unsupported": "NotSupportedError",
  "language-unsupported": "NotSupportedError",
  "licence-required": "NotAllowedError",
  "download-refused": "NotAllowedError",
  "engine-unavailable": "NetworkError",
  "download-failed": "NetworkError",
  "download-corrupt": "NetworkError",
  "document-too-large": "QuotaExceededError",
  "out-of-memory": "OperationError",
  "storage-full": "OperationError",
  "storage-unavailable": "OperationError",
};

/** Converts a PrecisError to the specification's error. Returns all others, such as an abort reason, unchanged. */
function standard(error: unknown): unknown {
  if (!(error instanceof PrecisError)) return error;
  const { code, message, cause } = error;
  const made = code === "invalid-options" ? new (cause instanceof RangeError ? RangeError : TypeError)(message) : new DOMException(message, NAMES[code] ?? "UnknownError");
  return Object.defineProperty(made, "cause", { value: error, configurable: true, writable: true });
}

async function standardly<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw standard(error);
  }
}

/** Allows only `create` to call the constructor. */
const KEY = Symbol("precis");

/** The specification's Summarizer, implemented with this package. */
export class Summarizer {
  readonly #engine: Engine;
  readonly #end: AbortController;

  constructor(key?: symbol, engine?: Engine, end?: AbortController) {
    if (key !== KEY || !engine || !end) throw new TypeError("Illegal constructor");
    this.#engine = engine;
    this.#end = end;
  }

  static async availability(options = {}): Promise<Availability> {
    return standardly(() => Engine.availability({ ...configuration, ...members(options, OF_AVAILABILITY) }));
  }

  static async create(options = {}): Promise<Summarizer> {
    return standardly(async () => {
      const given: CreateOptions = { ...configuration, ...members(options, OF_CREATION) };
      // The specification allows a download only after a user action.
      const mayDownload = navigator.userActivation?.hasBeenActive !== false;
      // A signal of this class, to destroy with the specification's reason.
      const end = new AbortController();
      const signal = given.signal instanceof AbortSignal ? firstOf(given.signal, end.signal).signal : (given.signal ?? end.signal);
      return new Summarizer(KEY, await Engine.create({ ...given, signal, mayDownload }), end);
    });
  }

  get type(): string {
    return this.#engine.type;
  }

  get format(): string {
    return this.#engine.format;
  }

  get length(): string {
    return this.#engine.length;
  }

  get sharedContext(): string {
    return this.#engine.sharedContext;
  }

  get expectedInputLanguages(): readonly string[] | null {
    return this.#engine.expectedInputLanguages;
  }

  get expectedContextLanguages(): readonly string[] | null {
    return this.#engine.expectedContextLanguages;
  }

  get outputLanguage(): string | null {
    return this.#engine.outputLanguage;
  }

  get inputQuota(): number {
    return this.#engine.inputQuota;
  }

  async summarize(input: string, options = {}): Promise<string> {
    needsInput(arguments.length);
    return standardly(async () => this.#engine.summarize(`${input}`, members(options, OF_A_CALL) as SummarizeOptions));
  }

  summarizeStreaming(input: string, options = {}): ReadableStream<string> & AsyncIterable<string> {
    needsInput(arguments.length);
    try {
      return standardStream(this.#engine.summarizeStreaming(`${input}`, members(options, OF_A_CALL) as SummarizeOptions));
    } catch (error) {
      throw standard(error);
    }
  }

  async measureInputUsage(input: string, options = {}): Promise<number> {
    needsInput(arguments.length);
    return standardly(async () => this.#engine.measureInputUsage(`${input}`, members(options, OF_A_CALL)));
  }

  destroy(): void {
    this.#end.abort(new DOMException("This Summarizer was destroyed.", "AbortError"));
  }
}

/** Converts the errors of a stream. */
function standardStream(stream: ReadableStream<string>): ReadableStream<string> & AsyncIterable<string> {
  const reader = stream.getReader();
  const pull = async (controller: ReadableStreamDefaultController<string>) => {
    try {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    } catch (error) {
      controller.error(standard(error));
    }
  };
  return asyncIterable(new ReadableStream<string>({ pull, cancel: (reason) => reader.cancel(reason) }));
}

function needsInput(given: number): void {
  if (given === 0) throw new TypeError("1 argument required, but only 0 present.");
}

/** Defines `globalThis.Summarizer`, replacing an existing one. */
export function install(): void {
  Object.defineProperty(globalThis, "Summarizer", { value: Summarizer, writable: true, configurable: true });
}

/** Resolves with the Summarizer that the page uses: "native" or "precis". */
export const ready: Promise<"native" | "precis"> = choose();

async function choose(): Promise<"native" | "precis"> {
  const native = (globalThis as { Summarizer?: { availability(): Promise<string> } }).Summarizer;
  // Without a native one, install synchronously, for scripts that do not wait.
  if (native && (await native.availability().catch(() => "unavailable")) !== "unavailable") return "native";
  install();
  return "precis";
}
