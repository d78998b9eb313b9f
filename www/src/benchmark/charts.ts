import { measured, tokens as tokensInWords, whole } from "../ui/format.js";
import { t } from "../ui/words/words.js";
import type { Card, Configuration, Peaks, Spread, Writing } from "../package/wasm/simd/precis.js";
import { drawBars, type Group, tableOfBars } from "./bars.js";
import type { Chart } from "./chart-view.js";
import { plotCurves } from "./curve-plot.js";
import { curvesOf, drawCurves, tableOfCurves } from "./curves.js";
import { efficiencyLabel, type Figure, lengthLabel, percent, shown, shownConfigurations, type Unit, unitInWords, writingLabel } from "./figures.js";

/** All charts of a card that have data. */
export function chartsOf(card: Card): Chart[] {
  const configurations = shownConfigurations(card);
  const marks = t("A longer bar is better. It is the median, and each mark is one measurement.");
  const reading = spreads(configurations, ({ prefill }) => prefill, ({ tokens }) => tokens, ({ tokens }) => lengthLabel(tokens, "pp"));
  const writing = spreads(configurations, ({ decode }) => decode, ({ tokens, after }: Writing) => after + tokens, writingLabel);
  const charts = [
    curves(configurations),
    bars(t("Reading speed"), "precis-reading", `${t("Tokens read per second, by the length of the text.")} ${marks}`, reading),
    bars(t("Writing speed"), "precis-writing", `${t("Tokens written per second, by the length of the answer and of what was read before.")} ${marks}`, writing),
    bars(
      t("Peak of the device"),
      "precis-peaks",
      t("What the device can reach in the simplest computation of its kind. A longer bar is better. A GMAC is 10⁹ multiply-adds."),
      peaks(configurations),
    ),
    bars(
      t("Efficiency of reading"),
      "precis-roofline",
      t("How much of the device's peak reading makes use of, in the same number format: 8-bit integers on a processor. A longer bar is better."),
      shares(configurations),
    ),
  ].filter((chart) => chart !== null);
  return charts.map((chart) => ({ ...chart, of: card.name }));
}

function curves(configurations: readonly Configuration[]): Omit<Chart, "of"> | null {
  const curves = curvesOf(configurations);
  if (curves.length === 0) return null;
  const sentences = curves.map(({ name, points }) => {
    const [first, last] = [points[0]!, points.at(-1)!];
    const values = { name, first: measured(first.tokens_per_second), last: measured(last.tokens_per_second), tokens: whole(last.position) };
    return t("{name}: {first} tokens per second at the start, {last} after {tokens} tokens", values);
  });
  return {
    title: t("Speed over position"),
    note: t("How fast each part of the longest text was read: tokens per second by position, in the measurement with the median speed. Higher is better."),
    alt: `${t("Speed over position")}. ${sentences.join(". ")}.`,
    file: "precis-curves",
    draw: (width) => drawCurves(curves, width),
    plot: (host, width) => plotCurves(host, curves, width),
    table: tableOfCurves(curves),
    texts: 1,
    legend: curves.map(({ name, tokens }) => `${name}, ${tokensInWords(tokens)}`),
  };
}

function bars(title: string, file: string, note: string, groups: readonly Group[]): Omit<Chart, "of"> | null {
  if (groups.length === 0) return null;
  const sentences = groups.flatMap(({ label, unit, bars }) => bars.map(({ name, figure }) => `${label}, ${name}: ${shown(figure)} ${unitInWords(unit)}`));
  return { title, note, file, alt: `${title}. ${sentences.slice(0, 40).join(". ")}.`, draw: (width) => drawBars(groups, width), table: tableOfBars(groups), texts: 2 };
}

/** A group for each of `label`, from the smallest `length` on, with a bar for each configuration that measured it. */
function spreads<Measured extends { tokens_per_second: Spread }>(
  configurations: readonly Configuration[],
  of: (configuration: Configuration) => Measured[],
  length: (measured: Measured) => number,
  labelOf: (measured: Measured) => string,
): Group[] {
  const ordered = configurations.flatMap(of).toSorted((a, b) => length(a) - length(b));
  const labels = [...new Set(ordered.map(labelOf))];
  // An imported card may contain thousands.
  return labels.slice(0, 16).map((label) => {
    const unit: Unit = "tokens/s";
    const bars = configurations.flatMap((configuration, index) => {
      const spread = of(configuration).find((one) => labelOf(one) === label)?.tokens_per_second;
      const figure: Figure | null = spread ? { label, unit, value: spread.median, spread } : null;
      return figure ? [{ name: configuration.name, series: index, figure }] : [];
    });
    return { label, unit, bars };
  });
}

/** A group for each length, with the efficiency of each configuration. */
function shares(configurations: readonly Configuration[]): Group[] {
  const lengths = [...new Set(configurations.flatMap(({ prefill }) => prefill.map(({ tokens }) => tokens)))];
  return lengths.sort((a, b) => a - b).slice(0, 16).flatMap((tokens) => {
    const label = efficiencyLabel(tokens);
    const bars = configurations.flatMap(({ name, prefill }, series) => {
      const value = percent(prefill.find((reading) => reading.tokens === tokens)?.efficiency ?? null);
      return value === null ? [] : [{ name, series, figure: { label, unit: "%" as const, value, spread: null } }];
    });
    return bars.length > 0 ? [{ label, unit: "%" as const, bars }] : [];
  });
}

const peakLabels = (): readonly { key: keyof Peaks; label: string; unit: Unit }[] => [
  { key: "f32_gmacs", label: t("32-bit floats"), unit: "GMAC/s" },
  { key: "f16_gmacs", label: t("16-bit floats"), unit: "GMAC/s" },
  { key: "int8_gmacs", label: t("8-bit integers"), unit: "GMAC/s" },
  { key: "copy_gbs", label: t("Copying memory"), unit: "GB/s" },
];

function peaks(configurations: readonly Configuration[]): Group[] {
  return peakLabels().map(({ key, label, unit }) => ({
    label,
    unit,
    bars: configurations.flatMap(({ name, peak }, index) => (peak[key] === null ? [] : [{ name, series: index, figure: { label, unit, value: peak[key], spread: null } }])),
  })).filter(({ bars }) => bars.length > 0);
}
