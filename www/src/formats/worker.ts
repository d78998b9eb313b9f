/** The worker in which formats are read. The page ends it to cancel, whatever a file does to a reader. Each reader is loaded when it is needed. */
import { PrecisError } from "../package/api/errors.js";
import { damaged, type Opened, type Reader } from "./document.js";
import type { Archive, Format } from "./recognize.js";

export interface Job {
  format: Format;
  bytes: Uint8Array<ArrayBuffer>;
}

export type News = { type: "progress"; done: number; total: number } | { type: "opened"; opened: Opened } | { type: "failed"; code: string; message: string };

const READERS: Record<Exclude<Format, "zip"> | Archive, () => Promise<Reader>> = {
  pdf: async () => (await import("./pdf.js")).readPdf,
  docx: async () => (await import("./docx.js")).readDocx,
  epub: async () => (await import("./epub.js")).readEpub,
  odt: async () => (await import("./odt.js")).readOdt,
  rtf: async () => (await import("./rtf.js")).readRtf,
  eml: async () => (await import("./eml.js")).readEml,
  subtitles: async () => (await import("./subtitles.js")).readSubtitles,
};

addEventListener("message", ({ data }: MessageEvent<Job>) => void work(data));

async function work({ format, bytes }: Job): Promise<void> {
  const tell = (news: News) => postMessage(news);
  try {
    if (format === "pdf") requireForPdf();
    const name = format === "zip" ? await archive(bytes) : format;
    const read = await loaded(READERS[name]);
    tell({ type: "opened", opened: await read(bytes, (done, total) => tell({ type: "progress", done, total })) });
  } catch (error) {
    // A file that confuses a reader is damaged, as far as the person is concerned.
    const { code, message } = error instanceof PrecisError ? error : damaged(format.toUpperCase(), error);
    tell({ type: "failed", code, message });
  }
}

async function archive(bytes: Uint8Array): Promise<Archive> {
  const [{ names, textOfMember, unpack }, { archiveOf }] = await loaded(() => Promise.all([import("./zip.js"), import("./recognize.js")]));
  const type = unpack(bytes, "ZIP", (name) => name === "mimetype").get("mimetype");
  return archiveOf(names(bytes), type ? textOfMember(type.subarray(0, 100)) : "");
}

async function loaded<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    throw new PrecisError("engine-unavailable", `The reader for this format could not be loaded (${String(error)}): check the connection, and open the file again.`);
  }
}

/** pdf.js needs newer browsers than the rest of Précis. This method came last of what its text needs. */
function requireForPdf(): void {
  if (!("withResolvers" in Promise)) {
    throw new PrecisError("browser-unsupported", "This browser is too old to open a PDF: use Chrome or Edge 119, Firefox 121, Safari 17.4, or a newer one.");
  }
}
