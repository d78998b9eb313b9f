/** Running headers, footers and page numbers: what repeats at the same place of the pages. */
import { type Piece, rows, type Sheet } from "./pdf-pieces.js";

/** Part of the page's height, at its top and bottom, in which headers and footers are. */
const MARGIN = 0.14;
/** Rows that a header or a footer has at most. */
const MOST_ROWS = 3;
/** Pages on which a text stands at the same place. Two pages are enough if there are no more. */
const REPEATS = 3;
/** A header without a gap below it stands on so many pages. */
const OFTEN = 0.5;
/** A header's text differs from page to page in some documents. Then it is one if so many pages have something at its place. */
const SHARE = 0.7;
/** A header that differs is so many times as far away from the text as the page's rows are from each other. */
const APART = 1.5;

/** A piece at the edge of a page, with keys of its place, and of its place and text. */
interface Edge {
  piece: Piece;
  /** Keys that differ by one are the same place. */
  place: (shift: number) => string;
  /** Its text without numbers if there is a gap between it and the text, and all of its text if there is none. */
  text: string;
  /** Whether it is the outermost row, small, and away from the text. */
  apart: boolean;
}

/** Removes what repeats from `sheets`. `size` is the font size of most of the text. */
export function dropRunning(sheets: readonly Sheet[], size: number): void {
  const pages = sheets.map((sheet) => [...edges(sheet, size, 1), ...edges(sheet, size, -1)]);
  const texts = new Map<string, number>();
  const places = new Map<string, number>();
  for (const page of pages) {
    const once = (keys: string[], counts: Map<string, number>) => {
      for (const key of new Set(keys)) counts.set(key, (counts.get(key) ?? 0) + 1);
    };
    once(page.map(({ place, text }) => `${place(0)} ${text}`), texts);
    once(page.filter(({ apart }) => apart).map(({ place }) => place(0)), places);
  }
  const around = (counts: Map<string, number>, key: (shift: number) => string) => [-1, 0, 1].reduce((sum, shift) => sum + (counts.get(key(shift)) ?? 0), 0);
  const repeats = Math.min(REPEATS, Math.max(2, sheets.length));
  const many = Math.max(REPEATS, sheets.length * SHARE);
  for (const [i, sheet] of sheets.entries()) {
    const running = new Set<Piece>();
    for (const { piece, place, text, apart } of pages[i]!) {
      const same = around(texts, (shift) => `${place(shift)} ${text}`);
      if (same >= (text.startsWith("=") ? Math.max(repeats, sheets.length * OFTEN) : repeats) || (apart && around(places, place) >= many)) running.add(piece);
    }
    sheet.pieces = sheet.pieces.filter((piece) => !running.has(piece));
  }
}

/** The pieces at the top (`down` = 1) or the bottom (-1) of a page. */
function edges({ pieces, height }: Sheet, size: number, down: 1 | -1): Edge[] {
  const depth = (y: number) => (down === 1 ? y : height - y);
  const all = rows(pieces);
  if (down === -1) all.reverse();
  const gaps = all.slice(1).map((row, i) => Math.abs(row[0]!.y - all[i]![0]!.y));
  const usual = median([...gaps]);
  const isWide = (i: number) => (gaps[i] ?? Infinity) >= APART * usual;
  const found: Edge[] = [];
  for (const [i, row] of all.slice(0, MOST_ROWS).entries()) {
    const y = row[0]!.y;
    if (depth(y) > height * MARGIN) break;
    const isParted = all.slice(i, MOST_ROWS).some((_, more) => isWide(i + more));
    const apart = i === 0 && isWide(0) && gaps.length > 0 && row.every((piece) => piece.size <= size * 1.05 && piece.text.length <= 100);
    for (const piece of row) {
      const place = (shift: number) => `${down} ${Math.round(depth(y) / 3) + shift}`;
      found.push({ piece, place, text: isParted ? generalized(piece.text) : `=${piece.text}`, apart });
    }
  }
  return found;
}

/** `text` without what differs from page to page: numbers, also Roman ones that stand alone. */
function generalized(text: string): string {
  return text.toLowerCase().replace(/\d+/g, "#").replace(/^[ivxlc]+$/, "#");
}

export function median(numbers: number[]): number {
  return numbers.sort((a, b) => a - b)[numbers.length >> 1] ?? 0;
}
