import { compact, measured, tokens as tokensInWords, whole } from "../ui/format.js";
import { t } from "../ui/words/words.js";
import type { Configuration, CurvePoint } from "../package/wasm/simd/precis.js";
import { ticks } from "./axis.js";
import { cut, DASHES, type Drawing, series, type Shape } from "./drawing.js";

/** Speed over position of a configuration, for its longest prompt. */
export interface Curve {
  name: string;
  tokens: number;
  points: readonly CurvePoint[];
}

const LEFT = 44;
const BOTTOM = 44;
const TOP = 24;
const LEGEND = 18;
const PLOT = 220;

/** The curve of each configuration that has one. */
export function curvesOf(configurations: readonly Configuration[]): Curve[] {
  return configurations.flatMap(({ name, prefill }) => {
    const longest = prefill.findLast(({ curve }) => curve.length > 0);
    return longest ? [{ name, tokens: longest.tokens, points: longest.curve }] : [];
  });
}

/** Ends of both axes, which begin at 0. */
export function extent(curves: readonly Curve[]): { x: number; y: number } {
  const points = curves.flatMap(({ points }) => points);
  const x = points.reduce((most, { position }) => Math.max(most, position), 0);
  const y = points.reduce((most, { tokens_per_second }) => Math.max(most, tokens_per_second), 0);
  return { x: x || 1, y: y * 1.1 || 1 };
}

/** Draws the curves with axes and a legend, for a file. The page uses curve-plot.ts. */
export function drawCurves(curves: readonly Curve[], width: number): Drawing {
  const shapes: Shape[] = [];
  const end = extent(curves);
  const right = width - 16;
  const floor = TOP + PLOT;
  const at = (x: number, y: number) => [LEFT + (x / end.x) * (right - LEFT), floor - (y / end.y) * PLOT] as const;
  for (const tick of ticks(end.y)) {
    const [, y] = at(0, tick);
    shapes.push({ type: "line", points: [[LEFT, y], [right, y]], colour: "line", width: 1 });
    shapes.push({ type: "text", x: LEFT - 6, y: y + 4, text: compact(tick), colour: "muted", anchor: "end" });
  }
  for (const tick of ticks(end.x)) {
    const [x] = at(tick, 0);
    shapes.push({ type: "line", points: [[x, TOP], [x, floor]], colour: "line", width: 1 });
    shapes.push({ type: "text", x, y: floor + 16, text: compact(tick), colour: "muted", anchor: "middle" });
  }
  shapes.push({ type: "text", x: 0, y: 12, text: t("tokens per second"), colour: "muted" });
  shapes.push({ type: "text", x: right, y: floor + 34, text: t("tokens read"), colour: "muted", anchor: "end" });
  curves.forEach(({ points }, index) => {
    const drawn = points.map(({ position, tokens_per_second }) => at(position, tokens_per_second));
    shapes.push({ type: "line", points: drawn, colour: series(index), width: 2, dash: DASHES[index % DASHES.length]! });
  });
  let y = floor + BOTTOM;
  curves.forEach(({ name, tokens }, index) => {
    y += LEGEND;
    shapes.push({ type: "line", points: [[LEFT, y - 4], [LEFT + 28, y - 4]], colour: series(index), width: 2, dash: DASHES[index % DASHES.length]! });
    shapes.push({ type: "text", x: LEFT + 36, y, text: cut(`${name}: ${tokensInWords(tokens)}`, right - LEFT - 36), colour: "ink" });
  });
  return { width, height: y + 8, shapes };
}

/** The curves as a table: a head row, then a row for each point. */
export function tableOfCurves(curves: readonly Curve[]): string[][] {
  const rows = curves.flatMap(({ name, points }) =>
    points.slice(0, 1000).map(({ position, tokens_per_second }) => [name, whole(position), measured(tokens_per_second)]),
  );
  return [[t("Configuration"), t("Tokens read"), t("Tokens per second")], ...rows];
}
