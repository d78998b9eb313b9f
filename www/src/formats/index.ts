/** Opens a file of any format that Précis reads, and returns its text. */
import { cancelled, PrecisError } from "../package/api/errors.js";
import { MAX_DOCUMENT } from "../package/definitions.js";
import { readable, readables } from "../package/api/readable.js";
import { fileTooLarge, MAX_FILE_BYTES, noText, type Opened, type Skipped, textTooLarge } from "./document.js";
import { readTextFile } from "./plain-text.js";
import { HEAD_BYTES, recognize } from "./recognize.js";
import type { Job, News } from "./worker.js";

/** The text of an opened file. */
export interface OpenedFile {
  text: string;
  /** Pages that were left out; null if none was. */
  skipped: Skipped | null;
}

export interface OpenOptions {
  /** Cancels at once. */
  signal: AbortSignal;
  /** Called with how far it is. */
  onprogress: (progress: OpenProgress) => void;
}

/** The page or part that is read, from 1 on, and how many there are. */
export interface OpenProgress {
  unit: "page" | "part";
  number: number;
  total: number;
}

/** A reader that says nothing for so long is stuck on this file. */
const QUIET_MS = 120_000;

/** Reads a file. Rejects with a PrecisError. */
export async function openFile(file: File, { signal, onprogress }: OpenOptions): Promise<OpenedFile> {
  const format = recognize(new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer()), file.name);
  if (format === null) {
    const text = await readTextFile(file);
    return { text: mayBeHtml(text) ? await readablePage(text) : text, skipped: null };
  }
  if (file.size > MAX_FILE_BYTES) throw fileTooLarge(file.size, MAX_FILE_BYTES);
  const bytes = new Uint8Array(await file.arrayBuffer());
  const { parts, skipped = null } = await inWorker({ format, bytes }, { signal, onprogress });
  const text = await joined(parts, { signal, onprogress });
  if (text.trim() === "") throw noText();
  return { text, skipped };
}

/** Whether a text may be the source of a web page. The engine decides. */
export function mayBeHtml(text: string): boolean {
  return /^[\s\ufeff]*<[!?a-z]/i.test(text);
}

/** The text of a web page, so that the person sees what the engine will read. */
export async function readablePage(source: string): Promise<string> {
  const text = await readable(source);
  if (text.trim() === "") {
    throw new PrecisError("empty-document", "This web page has no text in its source: copy the text that the browser shows, and paste it.");
  }
  return text;
}

function inWorker(job: Job, { signal, onprogress }: OpenOptions): Promise<Opened> {
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "precis-formats" });
  let quiet: ReturnType<typeof setTimeout> | undefined;
  const work = new Promise<Opened>((resolve, reject) => {
    const wait = () => {
      clearTimeout(quiet);
      quiet = setTimeout(() => reject(new PrecisError("document-not-text", `Nothing more of this file could be read for ${QUIET_MS / 1000} seconds: save its text as a text file, and open that.`)), QUIET_MS);
    };
    const cancel = () => reject(cancelled());
    if (signal.aborted) cancel();
    signal.addEventListener("abort", cancel, { once: true });
    worker.addEventListener("message", ({ data: news }: MessageEvent<News>) => {
      wait();
      if (news.type === "opened") resolve(news.opened);
      else if (news.type === "failed") reject(new PrecisError(news.code, news.message));
      else onprogress({ unit: "page", number: news.done + 1, total: news.total });
    });
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      reject(stopped(event.message));
    });
    wait();
    worker.postMessage(job, [job.bytes.buffer]);
  });
  return work.finally(() => {
    clearTimeout(quiet);
    worker.terminate();
  });
}

/** Without a message the script itself is missing; a reader that fails has one. */
function stopped(message: string): PrecisError {
  if (message) return new PrecisError("document-not-text", `The reader stopped at this file (${message}): save its text as a text file, and open that.`);
  return new PrecisError("engine-unavailable", "The reader for this format could not be loaded: check the connection, and open the file again.");
}

/** The parts of a document as one text, those in HTML as the engine reads them. */
async function joined(parts: Opened["parts"], { signal, onprogress }: OpenOptions): Promise<string> {
  const pages = parts.flatMap((part) => ("html" in part ? [part.html] : []));
  let done = 0;
  const texts = pages.length === 0 ? [] : await readables(pages, { signal, onread: () => pages.length > 1 && onprogress({ unit: "part", number: ++done, total: pages.length }) });
  const text = parts.map((part) => ("text" in part ? part.text : texts.shift()!)).map((text) => text.trim()).filter((text) => text !== "").join("\n\n");
  if (new Blob([text]).size > MAX_DOCUMENT) throw textTooLarge();
  return text;
}
