import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { colourOf } from "./colour.js";
import type { Meter } from "./meter.js";
import { compact, measured, whole } from "./format.js";
import { onColoursChange } from "./theme.js";
import { t } from "./words/words.js";

/** The live chart of prefill speed over position. */
export class SpeedChart {
  readonly #host: HTMLElement;
  readonly #plot: uPlot;
  /** Tokens on the x axis: those of the whole run, so that the line also shows the progress. */
  #span = 1000;

  constructor(host: HTMLElement) {
    this.#host = host;
    const colour = (name: string) => () => colourOf(name, host);
    this.#plot = new uPlot(
      {
        ...sizeOf(host),
        ...plain(colour),
        scales: {
          x: { time: false, range: (_, __, max: number | null) => [0, Math.max(this.#span, max ?? 0)] },
          y: { range: (_, __, max: number | null) => [0, Math.max(10, (max ?? 85) * 1.15)] },
        },
        series: [{}, { stroke: colour("--accent"), width: 1.5, points: { size: 4, fill: colour("--accent") } }],
      },
      [[], []],
      host,
    );
    new ResizeObserver(() => this.#plot.setSize(sizeOf(host))).observe(host);
    onColoursChange(() => {
      this.#plot.redraw();
      return true;
    });
  }

  /** Draws the chunks of `meter`. */
  draw(meter: Meter): void {
    this.#span = meter.total || 1000;
    this.#plot.setData([meter.positions, meter.speeds]);
    this.#host.setAttribute("aria-label", describe(meter));
  }
}

/**
 * A chart of nothing but the data and its axes: tokens (x) and tokens per second (y). `colour` returns a function that looks up a
 * CSS colour at drawing time.
 */
export function plain(colour: (name: string) => () => string): Pick<uPlot.Options, "legend" | "cursor" | "padding" | "axes"> {
  const axis = { stroke: colour("--muted"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1, size: 4 }, font: "11px system-ui, sans-serif" };
  const axes: uPlot.Axis[] = [
    { ...axis, size: 30, space: 64, values: (_, ticks) => ticks.map((tick) => whole(tick)) },
    // Some languages write thousands in full: 20.000.
    { ...axis, size: (_, values) => Math.max(44, 14 + 7 * Math.max(...(values ?? []).map(({ length }) => length))), space: 36, values: (_, ticks) => ticks.map((tick) => compact(tick)) },
  ];
  return { legend: { show: false }, cursor: { show: false }, padding: [8, 20, 0, 0], axes };
}

function sizeOf(host: HTMLElement): { width: number; height: number } {
  return { width: Math.max(200, host.clientWidth), height: Math.max(120, host.clientHeight) };
}

/** Text alternative of the chart. */
function describe({ positions, speeds }: Meter): string {
  const first = speeds[0];
  const last = speeds.at(-1);
  if (first === undefined || last === undefined) return t("Prefill speed over position: no run yet");
  const values = { first: measured(first), last: measured(last), tokens: whole(positions.at(-1)!) };
  return t("Prefill speed over position: {first} tokens per second at the start, {last} after {tokens} tokens", values);
}
