/** Which reader a file needs: by its first bytes, and by its name where these don't tell. */
import { PrecisError } from "../package/api/errors.js";

/** Formats with readers of their own. Archives are told apart by what is in them. */
export type Format = "pdf" | "zip" | "rtf" | "eml" | "subtitles";

/** Bytes that are enough to recognize a format. */
export const HEAD_BYTES = 4096;

/** First bytes, decoded as Windows-1252, of formats that can't be opened; their names, and what to do. */
const REFUSED: [string, string, string][] = [
  ["\u001f\u2039", "a gzip archive", "unpack it, and open a file of it"],
  ["\u00d0\u00cf\u0011\u00e0", "an old office document, or one with a password", "save it as DOCX or PDF without a password, and open that"],
  ["\u2030PNG", "a picture", "run text recognition (OCR) on it, and open the text"],
  ["\u00ff\u00d8\u00ff", "a picture", "run text recognition (OCR) on it, and open the text"],
  ["GIF8", "a picture", "run text recognition (OCR) on it, and open the text"],
  ["\u007fELF", "a program", "open a document"],
  ["\0asm", "a program", "open a document"],
];

const CUE = /^\s*\d+\s*[\r\n]+\s*\d+:\d{2}:\d{2}[,.]\d{1,3}\s*-->/;
/** A saved mail begins with the lines of its header, and one of them names the encoding. Text that only begins with "From:" stays text. */
const HEADER = /^[A-Za-z][\w-]{1,60}: [^\r\n]*\r?\n/;
const MIME = /^(MIME-Version|Content-Transfer-Encoding|Content-Type):/im;

/** The format of a file with this beginning and name. Null if it is text. */
export function recognize(start: Uint8Array, name: string): Format | null {
  const head = new TextDecoder("latin1").decode(start.subarray(0, HEAD_BYTES)).replace(/^\u00ef\u00bb\u00bf/, "");
  const refused = REFUSED.find(([sign]) => head.startsWith(sign));
  if (refused) throw new PrecisError("document-not-text", `This is ${refused[1]}: ${refused[2]}.`);
  // Some programs write a few lines before the first one of the format.
  if (/^\s*%PDF-/.test(head) || (/\.pdf$/i.test(name) && head.includes("%PDF-"))) return "pdf";
  if (head.startsWith("PK\u0003\u0004") || head.startsWith("PK\u0005\u0006")) return "zip";
  if (head.startsWith("{\\rtf")) return "rtf";
  if (/^WEBVTT(?=\s|$)/.test(head) || CUE.test(head)) return "subtitles";
  const header = head.split(/\r?\n\r?\n/, 1)[0]!;
  if (HEADER.test(head) && (MIME.test(header) || /\.eml$/i.test(name))) return "eml";
  return null;
}

/** Formats of ZIP archives that can be read. */
export type Archive = "docx" | "epub" | "odt";

/** The format of an archive with these members. `mimetype` is the content of the member with that name. */
export function archiveOf(names: readonly string[], mimetype: string): Archive {
  const has = (start: string) => names.some((name) => name.startsWith(start));
  if (mimetype.startsWith("application/epub+zip") || names.includes("META-INF/container.xml")) return "epub";
  if (/^application\/vnd\.oasis\.opendocument\.text/.test(mimetype)) return "odt";
  if (has("word/")) return "docx";
  const refuse = (what: string, advice: string) => new PrecisError("document-not-text", `This is ${what}: ${advice}.`);
  if (has("xl/") || /opendocument\.spreadsheet/.test(mimetype)) throw refuse("a spreadsheet", "save it as CSV, and open that");
  if (has("ppt/") || /opendocument\.presentation/.test(mimetype)) throw refuse("a presentation", "save it as PDF, and open that");
  if (has("Index/") || has("index.apxl")) throw refuse("a Pages, Numbers or Keynote document", "export it as PDF or DOCX, and open that");
  throw refuse("a ZIP archive", "unpack it, and open a file of it");
}
