/** From the columns of all pages to text: lines, paragraphs, headings, lists and tables. */
import { joined, type Piece, rows, UNSPACED, UNSPACED_LETTER } from "./pdf-pieces.js";
import { median } from "./pdf-running.js";

/** A wider gap than this, in font sizes, parts the cells of a table. */
const CELL_GAP = 1.2;
/** Lines that a table has at least. */
const TABLE_LINES = 3;
/** Lines that reach the edge of a justified column at least. */
const JUSTIFIED_LINES = 3;
/** A line that starts so many font sizes to the right of the one before begins a paragraph. */
const INDENT = 0.8;
const MARKER = /^([•◦▪‣●○■·*–—-]|\(?(\d{1,3}|[a-z])[.)])\s+\S/;
/** The width of a space, in font sizes, and how far a guess of a word's width may be off. */
const SLACK = 0.7;
/** Dots that lead to the number of a page, in a table of contents. */
const LEADERS = /(\. ?){4,}/g;
const BEGINS_UNSPACED = new RegExp(`^${UNSPACED_LETTER}`, "u");
const ENDS_SENTENCE = /[.!?…:;。！？]["'”’»)\]]*$/;

interface Line {
  text: string;
  cells: Piece[];
  left: number;
  right: number;
  y: number;
  size: number;
  font: string;
  rtl: boolean;
  /** Whether it fills its column of justified text: then its paragraph goes on. */
  isFull: boolean;
  isIndented: boolean;
  /** Whether the next word had no room in it: the next line then continues its text. */
  isWrapped: boolean;
}

interface Paragraph {
  lines: Line[];
  size: number;
  kind: "text" | "item" | "table";
}

/** Most frequent sizes and fonts, weighted by letters. */
export function usual(pieces: readonly Piece[]): { size: number; font: string } {
  const most = <K>(key: (piece: Piece) => K): K | undefined => {
    const counts = new Map<K, number>();
    for (const piece of pieces) counts.set(key(piece), (counts.get(key(piece)) ?? 0) + piece.text.length);
    return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
  };
  return { size: most(({ size }) => Math.round(size * 2) / 2) ?? 10, font: most(({ font }) => font) ?? "" };
}

/** The text of a document. `columns` are those of all pages, in reading order. */
export function textOf(columns: readonly Piece[][]): string {
  const body = usual(columns.flat());
  const paragraphs: Paragraph[] = [];
  for (const column of columns) {
    const [first, ...others] = paragraphsOf(linesOf(column));
    if (!first) continue;
    const open = continued(paragraphs, first, body.size);
    if (open) open.lines.push(...first.lines);
    else paragraphs.push(first);
    paragraphs.push(...others);
  }
  const levels = [...new Set(paragraphs.filter((paragraph) => isLarge(paragraph, body.size)).map(({ size }) => Math.round(size)))].sort((a, b) => b - a);
  const bold = new Set(paragraphs.filter((paragraph) => isLarge(paragraph, body.size)).map(({ lines }) => lines[0]!.font));
  const write = (paragraph: Paragraph): string => {
    const text = paragraph.lines.map((line) => line.text.replace(LEADERS, "… "));
    if (paragraph.kind === "table") return paragraph.lines.map(({ cells }) => `| ${cells.map((cell) => cell.text).join(" | ")} |`).join("\n");
    if (isLarge(paragraph, body.size)) return `${"#".repeat(Math.min(levels.indexOf(Math.round(paragraph.size)) + 1, 3))} ${text.join(" ")}`;
    if (isBoldHeading(paragraph, body, bold)) return `${"#".repeat(Math.min(levels.length + 1, 4))} ${text[0]}`;
    return text.map((line, i) => (i === 0 ? "" : between(text[i - 1]!, paragraph.lines[i - 1]!)) + line).join("").replace(UNSPACED, "").replace(/^[•◦▪‣●○■·]\s*/, "- ");
  };
  // The items of a list follow each other without an empty line.
  return paragraphs.map((paragraph, i) => (i === 0 ? "" : paragraph.kind === "item" && paragraphs[i - 1]!.kind === "item" ? "\n" : "\n\n") + write(paragraph)).join("");
}

/** What stands between a line and the next. Where a word may be parted, the engine needs the line end to know it. */
function between(text: string, { isWrapped }: Line): string {
  return isWrapped && !/[-\u00ad\u2010]$/.test(text) ? " " : "\n";
}

/** The width of a line's first word; of one letter, where words are not parted by spaces. */
function firstWord({ text, left, right }: Line): number {
  const word = BEGINS_UNSPACED.test(text) ? 1 : text.search(/\s|$/);
  return ((right - left) * word) / text.length;
}

/** The lines of a column, from top to bottom. */
function linesOf(column: readonly Piece[]): Line[] {
  return rows(column).map((row) => {
    const cells = joined(row, CELL_GAP);
    const [whole] = joined(row, Infinity);
    const { text, left, right, y, size, font, rtl } = whole!;
    return { text, cells, left, right, y, size, font, rtl, isFull: false, isIndented: false, isWrapped: false };
  });
}

function paragraphsOf(lines: readonly Line[]): Paragraph[] {
  const pitch = median(lines.slice(1).map((line, i) => line.y - lines[i]!.y).filter((gap) => gap > 0));
  // Not by spreading: a hostile page has more lines than a call may have arguments.
  const start = lines.reduce((least, { left }) => Math.min(least, left), Infinity);
  const end = lines.reduce((most, { right }) => Math.max(most, right), -Infinity);
  const full = lines.filter(({ right, size }) => end - right < 0.1 * size);
  if (full.length >= JUSTIFIED_LINES && full.length * 2 > lines.length) for (const line of full) line.isFull = true;
  for (const [i, line] of lines.entries()) {
    line.isIndented = line.left - start > INDENT * line.size;
    // What follows the last line of a column is not known here.
    const word = lines[i + 1] ? firstWord(lines[i + 1]!) : 0.15 * (end - start);
    const room = line.rtl ? line.left - start : end - line.right;
    line.isWrapped = !hasLeaders(line.text) && room < word + SLACK * line.size;
  }
  const inTable = tables(lines);
  const paragraphs: Paragraph[] = [];
  for (const [i, line] of lines.entries()) {
    const last = paragraphs.at(-1);
    const before = lines[i - 1];
    const kind = inTable[i] ? "table" : MARKER.test(line.text) ? "item" : "text";
    if (last && before && !begins(line, before, last, kind, { pitch, start, end })) last.lines.push(line);
    else paragraphs.push({ lines: [line], size: line.size, kind });
  }
  return paragraphs;
}

/** Whether `line` begins a paragraph. `start` and `end` are the edges of the column. */
function begins(line: Line, before: Line, last: Paragraph, kind: Paragraph["kind"], { pitch, start, end }: { pitch: number; start: number; end: number }): boolean {
  if (kind === "table" || last.kind === "table") return kind !== last.kind;
  const { size } = line;
  if (kind === "item" || Math.abs(size - before.size) > 0.12 * size) return true;
  if (line.y - before.y > Math.max(1.25 * pitch, 1.35 * size)) return true;
  // The following lines of an item are indented, too.
  if (last.kind === "text" && line.left - before.left > INDENT * size && line.left - start < 4 * size) return true;
  if (last.kind === "item" && before.left - line.left > INDENT * size && last.lines.length > 1) return true;
  const isShort = end - before.right > 0.25 * (end - start);
  return isShort && ENDS_SENTENCE.test(before.text);
}

/** Which lines are rows of tables: several lines with cells after each other. */
function tables(lines: readonly Line[]): boolean[] {
  const isRow = lines.map(({ text, cells }) => cells.length > 1 && !hasLeaders(text) && !(cells.length === 2 && MARKER.test(`${cells[0]!.text} x`)));
  const result = lines.map(() => false);
  for (let from = 0; from < lines.length; from++) {
    let to = from;
    while (to < lines.length && isRow[to]) to++;
    if (to - from >= TABLE_LINES) result.fill(true, from, to);
    from = to;
  }
  return result;
}

/** The paragraph that `first`, which begins a column, continues. Footnotes stand between the two. */
function continued(paragraphs: readonly Paragraph[], first: Paragraph, size: number): Paragraph | null {
  const isBody = (paragraph: Paragraph) => Math.abs(paragraph.size - size) < 0.06 * size && paragraph.kind !== "table";
  if (!isBody(first) || first.kind !== "text") return null;
  const last = paragraphs.findLast((paragraph) => paragraph.size >= 0.94 * size);
  if (!last || !isBody(last) || paragraphs.length - paragraphs.lastIndexOf(last) > 6) return null;
  const { text: end, isFull } = last.lines.at(-1)!;
  if (isFull && !first.lines[0]!.isIndented) return last;
  if (ENDS_SENTENCE.test(end)) return null;
  return /^[\p{Ll}\d("“]/u.test(first.lines[0]!.text) || /[\p{L},-]$/u.test(end) && last.lines.length > 2 ? last : null;
}

function isLarge({ size, lines, kind }: Paragraph, body: number): boolean {
  return kind !== "table" && size >= 1.12 * body && !hasLeaders(lines[0]!.text) && lines.length <= 4 && letters(lines) >= 2 && letters(lines) <= 200;
}

/** Whether a line in letters of the text's size is a heading: in the font of headings, and numbered or in capitals if that font is unknown. */
function isBoldHeading({ lines, size, kind }: Paragraph, body: { size: number; font: string }, fonts: ReadonlySet<string>): boolean {
  const [line] = lines;
  if (lines.length !== 1 || kind === "table" || !line || line.font === body.font || size < 0.85 * body.size) return false;
  if (line.text.length > 80 || hasLeaders(line.text) || letters(lines) < 3 || /[.,;:!?]$/.test(line.text)) return false;
  const isNumbered = /^(\d+(\.\d+)*\.?|[IVX]+\.|[A-Z]\.)\s+\p{Lu}/u.test(line.text);
  return fonts.has(line.font) || isNumbered || (line.text.length > 4 && line.text === line.text.toUpperCase());
}

function hasLeaders(text: string): boolean {
  return text.search(LEADERS) >= 0;
}

function letters(lines: readonly Line[]): number {
  return lines.reduce((sum, { text }) => sum + (text.match(/\p{L}/gu)?.length ?? 0), 0);
}
