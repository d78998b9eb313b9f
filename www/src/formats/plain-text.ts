import { PrecisError } from "../package/api/errors.js";
import { MAX_DOCUMENT } from "../package/definitions.js";
import { fileTooLarge } from "./document.js";

/** The text of a file that the person dropped or opened. */
export async function readTextFile(file: Blob): Promise<string> {
  if (file.size > MAX_DOCUMENT) throw fileTooLarge(file.size, MAX_DOCUMENT);
  return decodeText(new Uint8Array(await file.arrayBuffer()));
}

/** Number of bytes used to detect UTF-16. */
const SAMPLE = 64 << 10;

/** Decodes a file, trying in this order: byte order mark, UTF-8, UTF-16, the charset named by a web page, Windows-1252. */
export function decodeText(bytes: Uint8Array): string {
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, 1024));
  const marked = head.startsWith("\u00ff\u00fe") ? "utf-16le" : head.startsWith("\u00fe\u00ff") ? "utf-16be" : null;
  const utf8 = marked === null && !bytes.includes(0) ? decoded(bytes, "utf-8", true) : null;
  const text = utf8 ?? decoded(bytes, marked ?? utf16(bytes.subarray(0, SAMPLE)) ?? named(head) ?? "windows-1252", false);
  // Any bytes are valid in an old encoding, so require some letters.
  const certain = utf8 !== null || marked !== null;
  if (text !== null && isText(text) && (certain || (text.match(/\p{L}/gu)?.length ?? 0) >= 4)) return text;
  throw new PrecisError("document-not-text", "This is not a text file, nor one of the formats that Précis opens: save its text as a text file, and open that.");
}

/** Null if the bytes are invalid in this encoding, or the browser does not support it. */
function decoded(bytes: Uint8Array, encoding: string, fatal: boolean): string | null {
  try {
    return new TextDecoder(encoding, { fatal }).decode(bytes);
  } catch {
    return null;
  }
}

/** Detects UTF-16 without a byte order mark by its zeros: most texts have many characters below 256. */
function utf16(sample: Uint8Array): string | null {
  const zeros = [0, 0];
  for (let i = 0; i < sample.length; i++) if (sample[i] === 0) zeros[i % 2]!++;
  const [even, odd] = zeros as [number, number];
  const many = sample.length / 5;
  if (odd > many && even * 20 < odd) return "utf-16le";
  return even > many && odd * 20 < even ? "utf-16be" : null;
}

/** The encoding that a web page names in its head. */
function named(head: string): string | null {
  return /<meta[^>]{0,200}charset=["']?([\w-]{1,40})/i.exec(head)?.[1] ?? null;
}

/** Whether at most 2 % of the characters are control or replacement characters. */
function isText(text: string): boolean {
  const strange = text.match(/[\0-\x08\x0e-\x1f\ufffd]/g)?.length ?? 0;
  return strange * 50 <= text.length;
}
