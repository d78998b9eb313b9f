import { t } from "../ui/words/words.js";
import { AXIS, axis, rounded } from "./axis.js";
import { cut, type Drawing, series, type Shape } from "./drawing.js";
import { type Figure, shown, type Unit, unitInWords, written } from "./figures.js";

/** Bars of one figure, such as those of one length. */
export interface Group {
  label: string;
  unit: Unit;
  bars: { name: string; series: number; figure: Figure }[];
}

const HEADING = 24;
const BAR = 34;
const GAP = 10;
const THICK = 9;

/** Units as words. */
const words = (): Partial<Record<Unit, string>> => ({ "tokens/s": t("tokens per second"), "%": t("% of the peak"), "GMAC/s": t("GMAC per second"), "GB/s": t("GB per second") });

/**
 * Draws a bar for each median, and a mark for each measurement, over an axis from 0. All groups of the same unit have the same
 * scale. Names are above their bars, to fit on a phone.
 */
export function drawBars(groups: readonly Group[], width: number): Drawing {
  const shapes: Shape[] = [];
  let y = 0;
  for (const { label, unit, bars } of groups) {
    // Percentages have a scale up to 100.
    const least = unit === "%" ? 100 : 0;
    const largest = Math.max(least, ...groups.filter((group) => group.unit === unit).flatMap(({ bars }) => bars.map(({ figure }) => reach(figure))));
    const end = largest > 0 ? rounded(largest) : 1;
    const x = (value: number) => (value / end) * width;
    shapes.push({ type: "text", x: 0, y: y + 15, text: cut(label, width), colour: "ink", bold: true });
    y += HEADING;
    for (const { name, series: index, figure } of bars) {
      const value = shown(figure);
      shapes.push({ type: "text", x: 0, y: y + 12, text: cut(name, width - value.length * 7 - 12), colour: "muted" });
      shapes.push({ type: "text", x: width, y: y + 12, text: value, colour: "ink", anchor: "end" });
      const top = y + 18;
      shapes.push({ type: "rect", x: 0, y: top, width, height: THICK, colour: "line" });
      if (figure.value !== null) shapes.push({ type: "rect", x: 0, y: top, width: x(figure.value), height: THICK, colour: series(index) });
      // An imported card may contain thousands.
      for (const one of figure.spread?.values.slice(0, 100) ?? []) {
        shapes.push({ type: "line", points: [[x(one), top - 2], [x(one), top + THICK + 2]], colour: "ink", width: 1.25 });
      }
      y += BAR;
    }
    shapes.push(...axis(y, width, end, words()[unit] ?? unit));
    y += AXIS + GAP;
  }
  return { width, height: Math.max(y - GAP, 1), shapes };
}

function reach({ value, spread }: Figure): number {
  return Math.max(value ?? 0, spread?.max ?? 0);
}

/** The bars as a table: a head row, then a row for each bar. */
export function tableOfBars(groups: readonly Group[]): string[][] {
  const rows = groups.flatMap(({ label, unit, bars }) =>
    bars.map(({ name, figure }) => [label, name, shown(figure), (figure.spread?.values ?? []).slice(0, 100).map((value) => written(value, unit)).join(", "), unitInWords(unit)]),
  );
  return [[t("Figure"), t("Configuration"), t("Median"), t("Each measurement"), t("Unit")], ...rows];
}
