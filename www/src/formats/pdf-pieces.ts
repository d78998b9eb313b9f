/** The pieces of text on one page of a PDF, upright, in coordinates that grow to the right and downwards. */

/** A run of text on one line: a line of a column, a cell, or a word. Lengths are in points. */
export interface Piece {
  text: string;
  left: number;
  right: number;
  /** The baseline. */
  y: number;
  size: number;
  font: string;
  rtl: boolean;
}

export interface Sheet {
  width: number;
  height: number;
  pieces: Piece[];
}

/** What is used of an item of pdf.js. */
export interface Item {
  str: string;
  dir: string;
  width: number;
  transform: number[];
  fontName: string;
}

/** A gap of more than this, in font sizes, parts the pieces of a line: columns and cells are further apart. */
const WIDE_GAP = 0.8;
/** A gap of more than this, in font sizes, is a space. */
const SPACE = 0.15;

/** Baselines that differ by less than this, in font sizes, are those of one row: superscripts are raised by a third or more. */
export const SAME_ROW = 0.5;

/** A letter of a script without spaces between words, for regular expressions. */
export const UNSPACED_LETTER = "[\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\u3000-\\u303f\\uff00-\\uffef]";
/** The spaces between such letters. */
export const UNSPACED = new RegExp(`(?<=${UNSPACED_LETTER}) (?=${UNSPACED_LETTER})`, "gu");

/** Turns the items of a page into pieces. `toPage` is the transform of the page as it is shown, which may be turned. */
export function piecesOf(items: readonly Item[], toPage: readonly number[], width: number, height: number): Sheet {
  const turns: Piece[][] = [[], [], [], []];
  for (const item of items) {
    if (item.str.trim() === "") continue;
    const [a, b, c, d, x, y] = multiplied(toPage, item.transform);
    const angle = Math.round(Math.atan2(b, a) / (Math.PI / 2));
    // A slanted text is a watermark.
    if (Math.abs(Math.atan2(b, a) - (angle * Math.PI) / 2) > 0.05) continue;
    const turn = (angle + 4) % 4;
    const [left, base] = [[x, y], [y, width - x], [width - x, height - y], [height - y, x]][turn] as [number, number];
    const size = Math.hypot(c, d) || Math.hypot(a, b);
    if (![left, base, size, item.width].every(Number.isFinite)) continue;
    turns[turn]!.push({ text: item.str, left, right: left + item.width, y: base, size, font: item.fontName, rtl: item.dir === "rtl" });
  }
  // A page has one direction: text across it is a stamp on the margin. A landscape table has its own page.
  const letters = turns.map((pieces) => pieces.reduce((sum, { text }) => sum + text.length, 0));
  const main = letters.indexOf(Math.max(...letters));
  const [w, h] = main % 2 === 0 ? [width, height] : [height, width];
  return { width: w, height: h, pieces: rows(turns[main]!).flatMap((row) => joined(row, WIDE_GAP)) };
}

/** Groups pieces to rows, from top to bottom. Superscripts belong to the row that they overlap. */
export function rows(pieces: readonly Piece[]): Piece[][] {
  const rows: Piece[][] = [];
  let last: { row: Piece[]; y: number; size: number } | null = null;
  for (const piece of [...pieces].sort((a, b) => a.y - b.y || a.left - b.left)) {
    const size: number = last ? Math.max(last.size, piece.size) : 0;
    if (last && piece.y - last.y < size * SAME_ROW) {
      last.row.push(piece);
      // The larger letters have the row's baseline.
      if (piece.size > last.size * 1.2) [last.y, last.size] = [piece.y, piece.size];
    } else {
      last = { row: [piece], y: piece.y, size: piece.size };
      rows.push(last.row);
    }
  }
  for (const row of rows) row.sort((a, b) => a.left - b.left);
  return rows;
}

/** Joins the pieces of a row across gaps of at most `gap` font sizes. */
export function joined(row: readonly Piece[], gap: number): Piece[] {
  const result: Piece[] = [];
  const rtl = row.filter((piece) => piece.rtl).length * 2 > row.length;
  for (const piece of row) {
    const last = result.at(-1);
    const size = Math.max(last?.size ?? 0, piece.size);
    if (!last || piece.left - last.right > gap * size) {
      result.push({ ...piece, rtl });
      continue;
    }
    // Bold letters are sometimes the same letters twice.
    if (piece.text === last.text && Math.abs(piece.left - last.left) < 0.1 * size) continue;
    const [first, second] = rtl ? [piece.text, last.text] : [last.text, piece.text];
    const spaced = piece.left - last.right > SPACE * Math.min(last.size, piece.size) && !first.endsWith(" ") && !second.startsWith(" ");
    const longer = piece.text.length > last.text.length ? piece : last;
    last.text = `${first}${spaced ? " " : ""}${second}`;
    last.right = Math.max(last.right, piece.right);
    if (piece.size > last.size * 1.2) last.y = piece.y;
    [last.size, last.font] = [longer.size, longer.font];
  }
  // Chinese and Japanese have no spaces; those between their letters come from the setting of lines.
  for (const piece of result) piece.text = piece.text.trim().replace(UNSPACED, "");
  return result;
}

function multiplied(m: readonly number[], n: readonly number[]): [number, number, number, number, number, number] {
  const [a, b, c, d, e, f] = m as [number, number, number, number, number, number];
  const [g, h, i, j, k, l] = n as [number, number, number, number, number, number];
  return [a * g + c * h, b * g + d * h, a * i + c * j, b * i + d * j, a * k + c * l + e, b * k + d * l + f];
}
