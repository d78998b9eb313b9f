/** The reading order of a page: which of its pieces stand in columns beside each other. */
import { type Piece, SAME_ROW } from "./pdf-pieces.js";

/** A piece with at least so many characters is a line of prose, not a cell of a table. */
const PROSE = 18;
/** Lines of prose that a column has at least. */
const COLUMN_LINES = 3;
/** More pieces than this are no page of text, and would take long. */
const MOST_PIECES = 5000;

/** Parts the pieces of a page, or of a column, into columns in reading order. Text across all columns is a column, too. */
export function columns(pieces: Piece[]): Piece[][] {
  const gutter = pieces.length <= MOST_PIECES ? bestGutter(pieces) : null;
  if (gutter === null) return pieces.length > 0 ? [pieces] : [];
  const result: Piece[][] = [];
  for (const { across, left, right } of zones(pieces, gutter)) {
    result.push(...columns(left), ...columns(right));
    if (across.length > 0) result.push(across);
  }
  return result;
}

/** What stands between two texts that cross a gutter: its left and right side, and the crossing text that ends it. */
interface Zone {
  left: Piece[];
  right: Piece[];
  across: Piece[];
}

/** Divides pieces at a vertical line, from top to bottom. */
function zones(pieces: readonly Piece[], x: number): Zone[] {
  const zones: Zone[] = [];
  let zone: Zone = { left: [], right: [], across: [] };
  for (const piece of [...pieces].sort((a, b) => a.y - b.y)) {
    const crosses = piece.left < x && piece.right > x;
    // A piece beside crossing text belongs to it: a page's number beside its title.
    const beside = zone.across.some(({ y, size }) => Math.abs(y - piece.y) < size * SAME_ROW);
    if (!crosses && !beside && zone.across.length > 0) {
      zones.push(zone);
      zone = { left: [], right: [], across: [] };
    }
    if (crosses || beside) zone.across.push(piece);
    else (piece.right <= x ? zone.left : zone.right).push(piece);
  }
  return [...zones, zone];
}

/** The vertical line that has most lines of prose on both sides. Null if the text is in one column. */
function bestGutter(pieces: readonly Piece[]): number | null {
  let best: { x: number; score: number } | null = null;
  for (const x of candidates(pieces)) {
    let score = 0;
    for (const zone of zones(pieces, x)) {
      const lines = [zone.left, zone.right].map((side) => side.filter(isProse).length) as [number, number];
      // Beside a column of prose there can be figures, but not in most lines.
      const cells = zone.left.length + zone.right.length;
      if (Math.min(...lines) >= COLUMN_LINES && (lines[0] + lines[1]) * 2 >= cells) score += lines[0] + lines[1];
    }
    if (score > (best?.score ?? 0)) best = { x, score };
  }
  // Most of the text has to be in the columns, or many lines of it: under a title page's abstract there are few.
  const prose = pieces.filter(isProse).length;
  return best && (best.score >= prose / 3 || best.score >= 12) ? best.x : null;
}

/** Vertical lines just before the left edges that lines of prose share. */
function candidates(pieces: readonly Piece[]): number[] {
  const counts = new Map<number, number>();
  for (const piece of pieces) {
    const edge = Math.round(piece.left / 2);
    if (isProse(piece)) counts.set(edge, (counts.get(edge) ?? 0) + 1);
  }
  const shared = [...counts].filter(([edge, count]) => count + (counts.get(edge + 1) ?? 0) >= COLUMN_LINES);
  // The few most frequent edges are those of columns; the others are indents.
  return shared.sort((a, b) => b[1] - a[1]).slice(0, 12).map(([edge]) => edge * 2 - 2);
}

function isProse({ text }: Piece): boolean {
  return text.length >= PROSE;
}
