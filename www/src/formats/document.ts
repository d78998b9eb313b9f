/** What all formats share: what a reader gets and gives, its limits, and its errors. */
import { PrecisError } from "../package/api/errors.js";
import { MAX_DOCUMENT } from "../package/definitions.js";

/** Part of a document: text with marks of Markdown, or HTML, which the engine turns into such text. */
export type Part = { text: string } | { html: string };

/** What a reader found in a file. */
export interface Opened {
  parts: Part[];
  /** Pages that were left out. */
  skipped?: Skipped;
}

/** Numbers of the pages that have no text, and of all pages. */
export interface Skipped {
  pages: number[];
  total: number;
}

/** Reads a file of one format. Calls `progress` with the pages read and the number of all pages. */
export type Reader = (bytes: Uint8Array, progress: (done: number, total: number) => void) => Promise<Opened>;

/** Bytes of a file at most. Pictures in it count here, but not in the text. */
export const MAX_FILE_BYTES = 50_000_000;
/** Bytes that the text members of an archive have at most, together and unpacked. A small file can unpack to any size. */
export const MAX_UNPACKED_BYTES = 100_000_000;

/** The error for a file of `bytes` bytes over `limit`. */
export function fileTooLarge(bytes: number, limit: number): PrecisError {
  const mb = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
  return new PrecisError("document-too-large", `The file has ${mb(bytes)} and the limit is ${mb(limit)}: open a part of it, a chapter for example.`);
}

/** The error for a file whose text is over the limit. */
export function textTooLarge(): PrecisError {
  return new PrecisError("document-too-large", `The file's text has more than ${MAX_DOCUMENT / 1e6} MB, which is the limit: open a part of it, a chapter for example.`);
}

/** The error for a file that breaks the rules of its format. `what` names the format: "PDF". */
export function damaged(what: string, cause?: unknown): PrecisError {
  return new PrecisError("document-not-text", `This ${what} file is damaged or incomplete: get it again, or open it in another program and save its text as a text file.`, { cause });
}

/** The error for a file that needs a password. */
export function locked(what: string): PrecisError {
  return new PrecisError("document-not-text", `This ${what} file needs a password: open it in another program, save it without the password, and open that.`);
}

/** A file that is nothing but this text. Throws if there is none. */
export function ofText(text: string): Opened {
  if (text === "") throw noText();
  return { parts: [{ text }] };
}

/** The error for a file without text. */
export function noText(): PrecisError {
  return new PrecisError("empty-document", "This file has no text: open another file, or paste a text.");
}
