/** What callers may ask for, and the checks that name what is wrong with it. */
import { type Backend, BACKENDS } from "./build.js";
import { PrecisError } from "./errors.js";
import type { LanguageOptions } from "./languages.js";
import type { ModelEntry } from "./model.js";
import type { CreateMonitor } from "./monitor.js";
import type { Event as RunEvent, Form, Format, Length, Options } from "../wasm/simd/precis.js";

/** What kind of summary; "auto" is a sentence, or what the text asks for at its end. */
export const TYPES = ["key-points", "tldr", "teaser", "headline", "auto"] as const;
/** One of TYPES. */
export type SummaryType = (typeof TYPES)[number];

/** How long it is, beside its type. */
export const SUMMARY_LENGTHS = ["short", "medium", "long"] as const;
/** One of SUMMARY_LENGTHS. */
export type SummaryLength = (typeof SUMMARY_LENGTHS)[number];

const FORMATS = ["markdown", "plain-text"] as const satisfies Format[];
const LENGTHS = ["headline", "sentence", "short", "medium", "long"] as const satisfies Length[];
const FORMS = ["paragraph", "key-points"] as const satisfies Form[];
const STRATEGIES = ["auto", "one-pass", "windows"] as const;
const PROMPTS = ["chat", "completion"] as const;

/** What `availability` takes, and `create` too. */
export interface CoreOptions extends LanguageOptions {
  /** Default "key-points". "teaser" is written as "tldr" is: the models here are too small to tease. */
  type?: SummaryType | undefined;
  /** Default "markdown", which marks key points with "- "; "plain-text" marks them with "• ". */
  format?: Format | undefined;
  /** Default "short": 3, 5 or 7 key points; 1, 3 or 5 sentences; a headline is one line. */
  length?: SummaryLength | undefined;
  /** An entry of `models.json`, a GGUF file from disk, or the address of one. Default: the first entry. */
  model?: ModelEntry | Blob | string | undefined;
  /**
   * Whether the model stays in the browser's storage. Default: entries do, files and addresses, which nothing verifies, do
   * not. Those are kept under the hash that they turned out to have; an address is not asked again then.
   */
  keep?: boolean | undefined;
}

/** What `Summarizer.create` takes. */
export interface CreateOptions extends CoreOptions {
  /** What the model should know about all texts, such as who reads the summaries. It is not summarized. */
  sharedContext?: string | undefined;
  /** Stops the download; what is there by then is kept and the next `create` goes on from it. Later it destroys the Summarizer. */
  signal?: AbortSignal | undefined;
  /** Called at once with the target of the progress events. */
  monitor?: ((monitor: CreateMonitor) => void) | undefined;
  /** Whether a model that is not on this device may be fetched. Default: yes; else `create` rejects with `download-refused`. */
  mayDownload?: boolean | undefined;
  /** Says that the person has accepted the licence of an entry that asks for it. Without, such a model is not fetched. */
  acceptLicence?: boolean | undefined;
  /** Default "auto": the GPU where it is faster than the processor, else the fastest build that this browser runs. */
  backend?: Backend | undefined;
  /** The most threads to use. Default: one for each processor, where the page is cross-origin isolated. */
  threads?: number | undefined;
  /**
   * Whether the engine's notes on parts of long documents are kept in the browser's storage, 2 MB at most. A document that was
   * read before, or the rest of one whose run was broken off, then takes only what is new, in this page or the next. They are
   * sentences about what was read, under a hash of it. Default: no, and they are forgotten with the Summarizer.
   */
  remember?: boolean | undefined;
  /** Address of the folder with the package's assets, if that is not where the bundler or the package left it. */
  assetsUrl?: string | URL | undefined;
}

/** What a summary may be given beside the text. What it says of length and form goes before what `create` was told. */
export interface SummarizeOptions extends Partial<Omit<Options, "notes" | "prompt">> {
  /** Stops this call, which rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Every step of the run, as the engine tells it. After "restarted", all that was read and written so far is void. */
  onprogress?: ((event: RunEvent) => void) | undefined;
}

/** What `create` asks of every summary. */
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

/** A check says what a value must be; null where it is that. */
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

/** The engine's own words go beyond a check: it says itself how large a number or text may be. */
const OF_A_RUN: Record<keyof Required<SummarizeOptions>, Check> = {
  length: oneOf(...LENGTHS),
  sentences: whole,
  form: oneOf(...FORMS),
  format: oneOf(...FORMATS),
  instruction: text,
  context: text,
  strategy: oneOf(...STRATEGIES),
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
  backend: oneOf(...BACKENDS),
  threads: whole,
  keep: flag,
  remember: flag,
  acceptLicence: flag,
  mayDownload: flag,
  signal: abortable,
  monitor: call,
};

/** How a model is asked, for its entry. */
export const isPrompt = oneOf(...PROMPTS);

/** The options of `create` and `availability`, checked. What the web's own API may get besides is ignored, as it would be. */
export function checkedCreation<T extends CreateOptions>(options: T | null | undefined): T {
  const given = record(options) as T;
  for (const [option, check] of Object.entries(OF_CREATION)) examine(option, given[option as keyof T], check);
  return given;
}

/** The options of a call, checked, those that are undefined left out. */
export function checkedCall(options: SummarizeOptions | null | undefined): SummarizeOptions {
  const given = Object.entries(record(options)).filter(([, value]) => value !== undefined);
  for (const [option, value] of given) {
    const check = OF_A_RUN[option as keyof SummarizeOptions];
    if (!check) throw new PrecisError("invalid-options", `Option ${option} is unknown: it must be one of ${Object.keys(OF_A_RUN).join(", ")}.`);
    examine(option, value, check);
  }
  return Object.fromEntries(given);
}

/** A text to summarize, checked. */
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

/** A value for a message: short, whatever it is. */
function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  return typeof value === "function" ? "a function" : String(value);
}
