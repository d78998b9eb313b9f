import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { colourOf } from "../ui/colour.js";
import { plain } from "../ui/speed-chart.js";
import { onColoursChange } from "../ui/theme.js";
import { type Curve, extent } from "./curves.js";
import { DASHES, series } from "./drawing.js";

/** Height of the plot with its axes. */
const HEIGHT = 260;

/** Draws `curves` into `host`, in its full width. */
export function plotCurves(host: HTMLElement, curves: readonly Curve[], width: number): void {
  const colour = (name: string) => () => colourOf(name, host);
  const end = extent(curves);
  // Configurations have chunks that end at different positions: join the columns, and draw the lines across gaps.
  const columns = curves.map(({ points }): uPlot.AlignedData => [points.map(({ position }) => position), points.map(({ tokens_per_second }) => tokens_per_second)]);
  const plot = new uPlot(
    {
      width,
      height: HEIGHT,
      ...plain(colour),
      scales: { x: { time: false, range: [0, end.x] }, y: { range: [0, end.y] } },
      series: [
        {},
        ...curves.map((_, index) => ({ stroke: colour(`--${series(index)}`), width: 2, dash: [...DASHES[index % DASHES.length]!], spanGaps: true, points: { show: false } })),
      ],
    },
    columns.length > 0 ? uPlot.join(columns) : [[]],
    host,
  );
  new ResizeObserver(() => {
    const { clientWidth } = host;
    if (clientWidth > 0 && clientWidth !== plot.width) plot.setSize({ width: clientWidth, height: HEIGHT });
  }).observe(host);
  onColoursChange(() => {
    plot.redraw();
    return host.isConnected;
  });
}
