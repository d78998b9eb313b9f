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

/** What files begin with that are not plain text, in the letters of Windows-1252. */
const FORMATS: [string, string][] = [
  ["%PDF-", "a PDF"],
  ["PK\u0003\u0004", "a ZIP archive, or an office document"],
  ["\u001f\u2039", "a gzip archive"],
  ["\u00d0\u00cf\u0011\u00e0", "an old office document"],
  ["{\\rtf", "a Rich Text file"],
  ["\u2030PNG", "a picture"],
  ["\u00ff\u00d8\u00ff", "a picture"],
  ["GIF8", "a picture"],
  ["\u007fELF", "a program"],
  ["\0asm", "a program"],
];

/** Bytes that are looked at to tell an encoding. */
const SAMPLE = 64 << 10;

/** A file's bytes as text: by its byte order mark, as UTF-8, as UTF-16, by what it says of itself, or as most old files are. */
export function decodeText(bytes: Uint8Array): string {
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, 1024));
  const format = FORMATS.find(([start]) => head.startsWith(start))?.[1];
  if (format !== undefined) throw new PrecisError("document-not-text", `This is ${format}, not plain text: save its text as a text file, and open that.`);
  const marked = head.startsWith("\u00ff\u00fe") ? "utf-16le" : head.startsWith("\u00fe\u00ff") ? "utf-16be" : null;
  const utf8 = marked === null && !bytes.includes(0) ? decoded(bytes, "utf-8", true) : null;
  const text = utf8 ?? decoded(bytes, marked ?? utf16(bytes.subarray(0, SAMPLE)) ?? named(head) ?? "windows-1252", false);
  // Bytes in an old encoding may be anything: a text has letters.
  const certain = utf8 !== null || marked !== null;
  if (text !== null && isText(text) && (certain || (text.match(/\p{L}/gu)?.length ?? 0) >= 4)) return text;
  throw new PrecisError("document-not-text", "This is not a text file: open plain text, Markdown or a web page.");
}

/** Null where the bytes are not of that encoding, or the browser does not know it. */
function decoded(bytes: Uint8Array, encoding: string, fatal: boolean): string | null {
  try {
    return new TextDecoder(encoding, { fatal }).decode(bytes);
  } catch {
    return null;
  }
}

/** UTF-16 without a mark, by where its zeros stand: most texts have many characters below 256. */
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

/** Whether hardly any character is one that no text has. */
function isText(text: string): boolean {
  const strange = text.match(/[\0-\x08\x0e-\x1f\ufffd]/g)?.length ?? 0;
  return strange * 50 <= text.length;
}
