import { bounded } from "./abort.js";
import type { Place } from "./admission.js";
import { ANSWER_TOKENS, FORMS, KINDS, LENGTHS, LONGEST_INSTRUCTION, STRATEGIES } from "./definitions.js";
import { Failure, UNREAD } from "./errors.js";
import { decoded, mediaType, textOf, unpacked } from "./media.js";
import { bytesOf, noteOf } from "./note.js";
import { readAll } from "./read.js";
import type { Limits } from "./types.js";
import type { Form, Kind, Length, Note, Strategy } from "./wasm/relaxed/precis.js";

/** A document and the caller's options. */
export interface Asked {
  text: string;
  length: Length | undefined;
  form: Form;
  instruction: string | undefined;
  max_tokens: number;
  strategy: Strategy;
  /** Notes on the windows of the plan that the caller has already, in their order. */
  notes: (Note | undefined)[] | undefined;
}

/** A part of a document that another isolate summarizes. */
export interface Part {
  text: string;
  /** What the whole document is; undefined if the caller does not say. */
  kind: Kind | undefined;
}

type Hold = Place["hold"];

/** The kinds of text that are documents. The engine sees itself whether a text is the source of a web page. */
export const TEXTS = ["text/plain", "text/markdown", "text/html"];

/** The accepted JSON fields. */
const OPTIONS = ["text", "length", "form", "instruction", "max_tokens", "strategy"];

/** Pattern of a text, for OpenAPI: at least one visible character, and no NUL. Spelled out, because programs differ on `\s`. */
export const TEXT = "^[^\\u0000]*[^\\u0000-\\u0020\\u007F-\\u00A0\\u1680\\u2000-\\u200A\\u2028\\u2029\\u202F\\u205F\\u3000\\uFEFF][^\\u0000]*$";

const VISIBLE = /[^\u0000-\u0020\u007F-\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000\uFEFF]/;

/** Reads the document in `request`: text, or JSON with options. */
export async function readDocument(request: Request, limits: Limits, hold: Hold): Promise<Asked> {
  return read(request, limits, hold, [...OPTIONS, "notes"]);
}

/** Reads the document whose plan is asked for. */
export async function readPlanned(request: Request, limits: Limits, hold: Hold): Promise<Asked> {
  return read(request, limits, hold, OPTIONS);
}

async function read(request: Request, limits: Limits, hold: Hold, known: readonly string[]): Promise<Asked> {
  const media = mediaType(request, [...TEXTS, "application/json"]);
  // The notes on a text take less room than the text.
  const most = media.type === "application/json" && known.includes("notes") ? 2 * limits.bytes : limits.bytes;
  const bytes = await readBody(request, { ...limits, bytes: most }, hold);
  return asked(media.type === "application/json" ? fields(bytes, known) : { text: textOf(bytes, media) }, limits);
}

/** Reads the window that a peer wants a note on. */
export async function readWindow(request: Request, limits: Limits, hold: Hold): Promise<Part> {
  mediaType(request, ["application/json"]);
  const given = fields(await readBody(request, limits, hold), ["text", "kind"]);
  return { kind: named("kind", given, KINDS), text: checkedText(given["text"]) };
}

/** Reads the body, within the limits of size and time, which are also those of what is unpacked. Stops reading at the limit. */
async function readBody({ body, headers }: Request, { bytes: most, bodySeconds }: Limits, hold: Hold): Promise<Uint8Array> {
  const announced = Number(headers.get("content-length")) || 0;
  const check = (size: number) => {
    if (size > most) throw tooLarge(most);
    // Held from the start, so that of several documents that don't fit together the first ones do.
    hold(Math.max(announced, size));
  };
  const clock = bounded([], bodySeconds, new Failure("body-timeout", `The document did not arrive within ${bodySeconds} s: send it faster, or a part of it.`, { headers: UNREAD }));
  try {
    check(announced);
    const bytes = await readAll(body, clock.signal, check, announced || undefined);
    return headers.has("content-encoding") ? await unpacked(bytes, clock.signal, check) : bytes;
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure("cancelled", "Only a part of the document arrived: send it again.", { cause: error });
  } finally {
    clock.end();
  }
}

/** The fields of a JSON object. Only those in `known` are allowed. */
function fields(bytes: Uint8Array, known: readonly string[]): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(decoded(bytes, "utf-8", "malformed-json"));
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw new Failure("malformed-json", "The body is not JSON: check its quotes and commas.", { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid(`the body must be an object with ${known.join(", ")}`);
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) throw invalid(`${JSON.stringify(unknown.slice(0, 40))} must be one of ${known.join(", ")}`);
  return value as Record<string, unknown>;
}

function asked(given: Record<string, unknown>, limits: Limits): Asked {
  const length = named("length", given, LENGTHS);
  const { instruction, max_tokens = Math.min(ANSWER_TOKENS[length ?? "sentence"], limits.tokens) } = given;
  const form = named("form", given, FORMS) ?? "paragraph";
  const strategy = named("strategy", given, STRATEGIES) ?? "auto";
  if (instruction !== undefined && (typeof instruction !== "string" || [...instruction].length > LONGEST_INSTRUCTION)) {
    throw invalid(`instruction must be a string of at most ${LONGEST_INSTRUCTION} characters`);
  }
  if (typeof max_tokens !== "number" || !Number.isInteger(max_tokens) || max_tokens < 1 || max_tokens > limits.tokens) {
    throw invalid(`max_tokens must be a whole number from 1 to ${limits.tokens}`);
  }
  const text = checkedText(given["text"]);
  if (bytesOf(text) > limits.bytes) throw tooLarge(limits.bytes);
  return { text, length, form, instruction, max_tokens, strategy, notes: notesOf(given["notes"], text) };
}

/** Notes as `/v1/note` returns them; null for a window that is yet to be read. */
function notesOf(given: unknown, text: string): Asked["notes"] {
  if (given === undefined) return undefined;
  const bytes = bytesOf(text);
  const noteOrNull = (value: unknown) => {
    const note = value === null ? undefined : noteOf(value, bytes, Infinity);
    if (value !== null && !note) throw invalid("notes must be answers of /v1/note, or null for windows without one");
    return note;
  };
  if (!Array.isArray(given)) throw invalid("notes must be a list");
  const notes = given.map(noteOrNull);
  return notes.some(Boolean) ? notes : undefined;
}

function tooLarge(most: number): Failure {
  return new Failure("document-too-large", `The document has more than ${most} bytes: send a part of it, a chapter for example.`, { headers: UNREAD });
}

/** The value of an option that must be one of `words`. */
function named<T extends string>(option: string, given: Record<string, unknown>, words: readonly T[]): T | undefined {
  const value = given[option];
  const word = words.find((name) => name === value);
  if (word === undefined && value !== undefined) throw invalid(`${option} must be one of ${words.join(", ")}`);
  return word;
}

/** Checks a text before the engine is called, because that may have to load the model first. */
function checkedText(text: unknown): string {
  if (typeof text !== "string") throw invalid("text must be a string");
  if (text.includes("\0")) throw new Failure("document-not-text", "The document contains NUL characters, so it is not text: send plain text or Markdown.");
  if (!VISIBLE.test(text)) throw new Failure("empty-document", "The document is empty: send a text with at least a sentence.");
  return text;
}

function invalid(what: string): Failure {
  return new Failure("invalid-options", `Invalid request: ${what}.`);
}
