import { colourOf } from "../ui/colour.js";
import { button, element } from "../ui/dom.js";
import { download } from "../ui/save-file.js";
import { t } from "../ui/words/words.js";
import { type Colour, cut, DASHES, type Drawing, pngFile, series, svgFile, toSvg } from "./drawing.js";
import { table } from "./table.js";

/** A chart of the page: a picture, its table, and its files. */
export interface Chart {
  title: string;
  /** Explanation below the title. */
  note: string;
  /** Text alternative of the picture. */
  alt: string;
  /** Name of the card, which is added to the title in files. */
  of: string;
  /** Name of its files, without extension. */
  file: string;
  draw: (width: number) => Drawing;
  table: string[][];
  /** Number of the table's first columns that contain text. */
  texts: number;
  /** Draws into the page instead of `draw`. */
  plot?: (host: HTMLElement, width: number) => void;
  /** Names of the series, if the picture does not show them. */
  legend?: string[];
}

/** Width of files, in pixels. */
const FILE_WIDTH = 720;

const MARGIN = 20;

/** The `<figure>` of a chart. */
export function chartView(chart: Chart): HTMLElement {
  const { title, note, alt } = chart;
  const host = element("div", "picture");
  host.role = "img";
  host.ariaLabel = alt;
  fill(host, chart);
  return element(
    "figure",
    "figure-box",
    element("figcaption", "", element("h3", "", title), element("p", "fine", note)),
    host,
    ...(chart.legend ? [legend(chart.legend)] : []),
    element("details", "", element("summary", "", t("Show as table"), element("span", "visually-hidden", `: ${title}`)), table(title, chart.table, chart.texts)),
    element("div", "actions", fileButton("PNG", chart, pngFile), fileButton("SVG", chart, svgFile)),
  );
}

function legend(names: readonly string[]): HTMLElement {
  const sample = (index: number): Drawing => {
    const line = { type: "line", points: [[0, 6], [28, 6]], colour: series(index), width: 2, dash: DASHES[index % DASHES.length]! } as const;
    return { width: 28, height: 12, shapes: [line] };
  };
  const items = names.map((name, index) => {
    return element("li", "", hidden(toSvg(sample(index))), element("span", "", name));
  });
  return element("ul", "legend fine", ...items);
}

/** Hides a picture from screen readers, which read the label of its container. */
function hidden(picture: SVGSVGElement): SVGSVGElement {
  picture.setAttribute("aria-hidden", "true");
  return picture;
}

/** Draws when the container has a width, and again when the width changes. */
function fill(host: HTMLElement, { draw, plot }: Chart): void {
  let drawn = 0;
  new ResizeObserver(() => {
    const width = host.clientWidth;
    if (width === 0 || width === drawn) return;
    if (!plot) host.replaceChildren(hidden(toSvg(draw(width))));
    // A plot follows the container's width itself.
    else if (drawn === 0) plot(host, width);
    drawn = width;
  }).observe(host);
}

function fileButton(
  kind: "PNG" | "SVG",
  { title, of, file, draw }: Chart,
  make: (drawing: Drawing, paint: (colour: Colour) => string) => Blob | Promise<Blob>,
): HTMLElement {
  const save = async () => download(await make(framed(of ? `${title}: ${of}` : title, draw(FILE_WIDTH - 2 * MARGIN)), colourNow), `${file}.${kind.toLowerCase()}`);
  return button("plain", () => void save(), t("Download {kind}", { kind }), element("span", "visually-hidden", `: ${title}`));
}

/** Adds a background, a margin and a title. */
function framed(title: string, { width, height, shapes }: Drawing): Drawing {
  const down = MARGIN + 24;
  const moved = shapes.map((shape) =>
    shape.type === "line"
      ? { ...shape, points: shape.points.map(([x, y]) => [x + MARGIN, y + down] as const) }
      : { ...shape, x: shape.x + MARGIN, y: shape.y + down },
  );
  const size = { width: width + 2 * MARGIN, height: height + down + MARGIN };
  return {
    ...size,
    shapes: [
      { type: "rect", x: 0, y: 0, ...size, colour: "sheet" },
      { type: "text", x: MARGIN, y: MARGIN + 6, text: cut(title, width), colour: "ink", bold: true },
      ...moved,
    ],
  };
}

/** The current value of a colour, in light or dark mode. */
function colourNow(colour: Colour): string {
  return colourOf(`--${colour}`);
}
