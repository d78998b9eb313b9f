import { compact } from "../ui/format.js";
import { cut, FONT_SIZE, type Shape } from "./drawing.js";

/** Height of an axis below bars. */
export const AXIS = 36;

/** Steps such as 0.2 are not exact. */
const SLACK = 1e-9;

/** Three to seven round numbers from 0 to `end`. */
export function ticks(end: number): number[] {
  const power = 10 ** Math.floor(Math.log10(end));
  const step = [0.2, 0.5, 1, 2].map((part) => part * power).find((step) => end / step <= 6 + SLACK) ?? end;
  return Array.from({ length: Math.floor(end / step + SLACK) + 1 }, (_, i) => i * step);
}

/** `end`, rounded up to the next tick. */
export function rounded(end: number): number {
  const [, step = end] = ticks(end);
  return step * Math.ceil(end / step - SLACK);
}

/** A horizontal axis from 0 to `end`, a multiple of a tick, with a number at each tick that has room, and the unit below. */
export function axis(y: number, width: number, end: number, unit: string): Shape[] {
  const all = ticks(end);
  const shapes: Shape[] = [{ type: "line", points: [[0, y], [width, y]], colour: "muted", width: 1 }];
  const texts = all.map((tick) => cut(compact(tick), width / 3));
  const widest = Math.max(...texts.map((text) => text.length)) * FONT_SIZE * 0.6;
  const step = Math.max(1, Math.ceil((widest + 8) / (width / Math.max(1, all.length - 1))));
  all.forEach((tick, i) => {
    const x = (tick / end) * width;
    shapes.push({ type: "line", points: [[x, y], [x, y + 4]], colour: "muted", width: 1 });
    if (i % step > 0) return;
    // The first and the last number stay within the picture.
    const anchor = i === 0 ? "start" : x > width - widest / 2 ? "end" : "middle";
    shapes.push({ type: "text", x, y: y + 17, text: texts[i]!, colour: "muted", anchor });
  });
  shapes.push({ type: "text", x: width, y: y + 32, text: unit, colour: "muted", anchor: "end" });
  return shapes;
}
