/**
 * PDF to text by pdf.js, which Mozilla keeps and Firefox uses. It gives the letters and their places; the order is our work.
 *
 * Its legacy build works in all browsers that Précis does. It runs in this worker instead of a further one: so whatever a
 * hostile file does to it, ending this worker ends it.
 */
import { getDocument, PasswordException } from "pdfjs-dist/legacy/build/pdf.mjs";
import { WorkerMessageHandler } from "pdfjs-dist/legacy/build/pdf.worker.mjs";
import { PrecisError } from "../package/api/errors.js";
import { MAX_DOCUMENT } from "../package/definitions.js";
import { damaged, locked, type Opened, type Reader, textTooLarge } from "./document.js";
import { columns } from "./pdf-columns.js";
import { CharacterMaps } from "./pdf-maps.js";
import { textOf, usual } from "./pdf-paragraphs.js";
import { type Item, piecesOf, type Sheet } from "./pdf-pieces.js";
import { dropRunning } from "./pdf-running.js";

// Where pdf.js looks for its own worker.
Object.assign(globalThis, { pdfjsWorker: { WorkerMessageHandler } });

/** Letters that a page has at most: a page of a book has 3,000. */
const MAX_PAGE_LETTERS = 1_000_000;

type Document = Awaited<ReturnType<typeof getDocument>["promise"]>;

export const readPdf: Reader = async (bytes, progress) => {
  const task = getDocument({
    data: bytes,
    // Errors only: the console is for developers, and files have many faults.
    verbosity: 0,
    BinaryDataFactory: CharacterMaps,
    cMapUrl: "/",
    // Nothing is drawn, so pictures, fonts and colours are not needed.
    disableFontFace: true,
    useSystemFonts: true,
    useWasm: false,
    disableWorkerRendering: true,
    isOffscreenCanvasSupported: false,
    stopAtErrors: false,
  } as Parameters<typeof getDocument>[0]);
  try {
    return assembled(await sheetsOf(await task.promise, progress));
  } catch (error) {
    if (error instanceof PasswordException) throw locked("PDF");
    throw error instanceof PrecisError ? error : damaged("PDF", error);
  } finally {
    await task.destroy();
  }
};

async function sheetsOf(document: Document, progress: (done: number, total: number) => void): Promise<Sheet[]> {
  const sheets: Sheet[] = [];
  let letters = 0;
  for (let number = 1; number <= document.numPages; number++) {
    progress(number - 1, document.numPages);
    sheets.push(await sheetOf(document, number));
    letters += sheets.at(-1)!.pieces.reduce((sum, { text }) => sum + text.length, 0);
    if (letters > MAX_DOCUMENT) throw textTooLarge();
  }
  return sheets;
}

/** A page that can't be read counts as one without text: the others are worth reading. */
async function sheetOf(document: Document, number: number): Promise<Sheet> {
  try {
    const page = await document.getPage(number);
    const { width, height, transform } = page.getViewport({ scale: 1 });
    const items: Item[] = [];
    let letters = 0;
    const reader = page.streamTextContent().getReader();
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      for (const item of chunk.value.items) {
        if (!("str" in item)) continue;
        items.push(item);
        // Items without letters take memory, too.
        letters += item.str.length + 1;
      }
      if (letters > MAX_PAGE_LETTERS) throw textTooLarge();
    }
    page.cleanup();
    return piecesOf(items, transform, width, height);
  } catch (error) {
    if (error instanceof PrecisError) throw error;
    return { width: 0, height: 0, pieces: [] };
  }
}

function assembled(sheets: Sheet[]): Opened {
  dropRunning(sheets, usual(sheets.flatMap(({ pieces }) => pieces)).size);
  const empty = sheets.flatMap(({ pieces }, i) => (pieces.length === 0 ? [i + 1] : []));
  if (empty.length === sheets.length) {
    throw new PrecisError("empty-document", "This PDF has no text: its pages are pictures, as from a scanner. Run text recognition (OCR) on it, and open the result.");
  }
  const text = textOf(sheets.flatMap(({ pieces }) => columns(pieces)));
  // Some fonts give their letters numbers, but don't say which letters these are.
  const unknown = text.match(/[\0-\x08\x0e-\x1f\ue000-\uf8ff\ufffd]/g)?.length ?? 0;
  if (unknown * 5 > text.length) {
    throw new PrecisError("document-not-text", "The letters of this PDF can't be read, because its fonts don't say which letters they are: run text recognition (OCR) on it, and open the result.");
  }
  return empty.length === 0 ? { parts: [{ text }] } : { parts: [{ text }], skipped: { pages: empty, total: sheets.length } };
}
