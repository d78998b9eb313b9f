/** The options of callers, and their checks. */
import { FORMATS, FORMS, KINDS, LENGTHS, PROMPTS, STRATEGIES, WORDINGS } from "../definitions.js";
import { type Backend, BACKENDS } from "./build.js";
import { PrecisError } from "./errors.js";
import type { LanguageOptions } from "./languages.js";
import type { ModelEntry } from "./model.js";
import type { CreateMonitor } from "./monitor.js";
import type { Event as RunEvent, Format, Options, Wording } from "../wasm/simd/precis.js";

/** Types of summaries. "auto" is what the text requests at its end, or else one sentence. */
export const TYPES = ["key-points", "tldr", "teaser", "headline", "auto"] as const;
/** One of TYPES. */
export type SummaryType = (typeof TYPES)[number];

/** Lengths of a type. */
export const SUMMARY_LENGTHS = ["short", "medium", "long"] as const;
/** One of SUMMARY_LENGTHS. */
export type SummaryLength = (typeof SUMMARY_LENGTHS)[number];

/** Options of `availability` and `create`. */
export interface CoreOptions extends LanguageOptions {
  /** Default "key-points". "teaser" gives the same as "tldr", because these models are too small for teasers. */
  type?: SummaryType | undefined;
  /** Default "markdown", which marks key points with "- "; "plain-text" marks them with "• ". */
  format?: Format | undefined;
  /** Default "short": 3, 5 or 7 key points; 1, 3 or 5 sentences; a headline is one line. */
  length?: SummaryLength | undefined;
  /** An entry of `models.json`, a GGUF file from disk, or the address of one. Default: the first entry. */
  model?: ModelEntry | Blob | string | undefined;
  /**
   * Whether the model is stored in the browser. Default: true for entries, false for files and addresses, which are not verified.
   * With `keep`, those are stored under their actual hash, and the address is not fetched again.
   */
  keep?: boolean | undefined;
}

/** Options of `Summarizer.create`. */
export interface CreateOptions extends CoreOptions {
  /** Background for all texts, such as who reads the summaries. It is not summarized. */
  sharedContext?: string | undefined;
  /**
   * "quotes": in the document's sentences. "own": in the model's words, where the document supports them. Default: "quotes" for
   * models with less than 1 billion parameters, which write worse than they choose.
   */
  wording?: Wording | undefined;
  /** Stops the download, which the next `create` continues. Later it destroys the Summarizer. */
  signal?: AbortSignal | undefined;
  /** Called synchronously with the target of the progress events. */
  monitor?: ((monitor: CreateMonitor) => void) | undefined;
  /** Whether a model that is not on this device may be fetched. Default true. If false, `create` rejects with `download-refused`. */
  mayDownload?: boolean | undefined;
  /** True if the person has accepted the licence of an entry with `accept`. Such a model is not fetched otherwise. */
  acceptLicence?: boolean | undefined;
  /** Default "auto": the GPU if it is faster than the processor, else the fastest build that this browser runs. */
  backend?: Backend | undefined;
  /** Maximum number of threads. Default: one for each processor if the page is cross-origin isolated, else one. */
  threads?: number | undefined;
  /**
   * Whether the engine's notes on windows of long documents are stored in the browser, up to 2 MB a model. Later runs then read only
   * new windows, also after an interrupted run or on another page. A note is what the model says about a window, or how much its
   * sentences matter, stored under a hash of it.
   * Default false: notes are lost with the Summarizer.
   */
  remember?: boolean | undefined;
  /** URL of the folder with the package's assets. Default: where the bundler or the package put it. */
  assetsUrl?: string | URL | undefined;
}

/** Options of a summary. They override those given to `create`. */
export interface SummarizeOptions extends Partial<Omit<Options, "notes" | "prompt">> {
  /** Stops this call, which rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Called with every event of the run. "restarted" means that everything read and written so far is discarded. */
  onprogress?: ((event: RunEvent) => void) | undefined;
}

/** The engine's options for the options of `create`. */
export function preset(type: SummaryType, length: SummaryLength, format: Format): Partial<Options> {
  const at = SUMMARY_LENGTHS.indexOf(length);
  switch (type) {
    case "auto":
      return { format };
    case "headline":
      return { format, length: "headline" };
    case "key-points":
      return { format, form: "key-points", sentences: [3, 5, 7][at]! };
    case "tldr":
    case "teaser":
      return { format, form: "paragraph", length: "sentence", sentences: [1, 3, 5][at]! };
  }
}

/** A check returns what a value must be, or null if the value is valid. */
type Check = (value: unknown) => string | null;

const oneOf =
  (...values: readonly string[]): Check =>
  (value) =>
    values.includes(value as string) ? null : `one of "${values.join('", "')}"`;
const ofType =
  (type: "string" | "boolean" | "function", what: string): Check =>
  (value) =>
    typeof value === type ? null : what;
const whole: Check = (value) => (Number.isSafeInteger(value) && (value as number) >= 1 ? null : "a whole number from 1");
const time: Check = (value) => (typeof value === "number" && Number.isFinite(value) ? null : "a time in milliseconds");
const text = ofType("string", "a string");
const flag = ofType("boolean", "true or false");
const call = ofType("function", "a function");
const abortable: Check = (value) => (value instanceof AbortSignal ? null : "an AbortSignal");

/** Checks of types only. The engine checks the limits of numbers and texts. */
const OF_A_RUN: Record<keyof Required<SummarizeOptions>, Check> = {
  length: oneOf(...LENGTHS),
  sentences: whole,
  follow_request: flag,
  form: oneOf(...FORMS),
  format: oneOf(...FORMATS),
  instruction: text,
  context: text,
  strategy: oneOf(...STRATEGIES),
  kind: oneOf(...KINDS),
  wording: oneOf(...WORDINGS),
  fresh: flag,
  profile: flag,
  started_ms: time,
  max_tokens: whole,
  positions: whole,
  chunk: whole,
  signal: abortable,
  onprogress: call,
};

const OF_CREATION: Partial<Record<keyof CreateOptions, Check>> = {
  type: oneOf(...TYPES),
  format: oneOf(...FORMATS),
  length: oneOf(...SUMMARY_LENGTHS),
  sharedContext: text,
  wording: oneOf(...WORDINGS),
  backend: oneOf(...BACKENDS),
  threads: whole,
  keep: flag,
  remember: flag,
  acceptLicence: flag,
  mayDownload: flag,
  signal: abortable,
  monitor: call,
};

/** Checks the `prompt` of a model entry. */
export const isPrompt = oneOf(...PROMPTS);

/** Checks the options of `create` and `availability`. Ignores unknown options, like the web's own API. */
export function checkedCreation<T extends CreateOptions>(options: T | null | undefined): T {
  const given = record(options) as T;
  for (const [option, check] of Object.entries(OF_CREATION)) examine(option, given[option as keyof T], check);
  return given;
}

/** Checks the options of a call, and removes undefined ones. */
export function checkedCall(options: SummarizeOptions | null | undefined): SummarizeOptions {
  const given = Object.entries(record(options)).filter(([, value]) => value !== undefined);
  for (const [option, value] of given) {
    const check = OF_A_RUN[option as keyof SummarizeOptions];
    if (!check) throw new PrecisError("invalid-options", `Option ${option} is unknown: it must be one of ${Object.keys(OF_A_RUN).join(", ")}.`);
    examine(option, value, check);
  }
  return Object.fromEntries(given);
}

/** Checks the text to summarize. */
export function checkedText(text: unknown): string {
  if (typeof text === "string") return text;
  throw new PrecisError("invalid-options", `The text is ${shown(text)}: it must be a string.`);
}

function record(options: unknown): Record<string, unknown> {
  if (options === undefined || options === null) return {};
  if (typeof options === "object" || typeof options === "function") return options as Record<string, unknown>;
  throw new PrecisError("invalid-options", `The options are ${shown(options)}: they must be an object.`);
}

function examine(option: string, value: unknown, check: Check): void {
  if (value === undefined) return;
  const wanted = check(value);
  if (wanted !== null) throw new PrecisError("invalid-options", `Option ${option} is ${shown(value)}: it must be ${wanted}.`);
}

/** A short text for any value, for messages. */
function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  return typeof value === "function" ? "a function" : String(value);
}
