import { PrecisError } from "../package/api/errors.js";

/** The engine's limit for a document, in bytes of UTF-8: checked here as well, so that a huge file is never read. */
export const MAX_BYTES = 10_000_000;

/** The text of a file that a person dropped or chose. */
export async function readTextFile(file: Blob): Promise<string> {
  if (file.size > MAX_BYTES) {
    const mb = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
    throw new PrecisError("document-too-large", `The file has ${mb(file.size)} and the limit is ${mb(MAX_BYTES)}: open a part of it, a chapter for example.`);
  }
  return decodeText(new Uint8Array(await file.arrayBuffer()));
}

/** `bytes` as text, if that is what they are: UTF-8 without NUL. */
export function decodeText(bytes: Uint8Array): string {
  const notText = "This is not a text file: open plain text or Markdown, saved as UTF-8.";
  // NUL is valid UTF-8, but only binary files and UTF-16 contain it.
  if (bytes.includes(0)) throw new PrecisError("document-not-text", notText);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new PrecisError("document-not-text", notText, { cause });
  }
}
