import { element } from "../ui/dom.js";
import { download } from "../ui/save-file.js";
import { type Colour, cut, DASHES, type Drawing, pngFile, series, svgFile, toSvg } from "./drawing.js";
import { table } from "./table.js";

/** A chart as the page shows it: a picture, the same as a table, and both kinds of file. */
export interface Chart {
  title: string;
  /** What is seen, for who reads the page alone. */
  note: string;
  /** The picture in a sentence, for who doesn't see it. */
  alt: string;
  /** What its files say it is of: they stand alone. */
  of: string;
  /** Name of its files, without what tells their kind. */
  file: string;
  draw: (width: number) => Drawing;
  table: string[][];
  /** How many of the table's first columns are no numbers. */
  texts: number;
  /** Fills the picture's place itself; without it the drawing does. */
  plot?: (host: HTMLElement, width: number) => void;
  /** Names of the series, where the picture does not have them. */
  legend?: string[];
}

/** Pixels that files are wide. */
const FILE_WIDTH = 720;

const MARGIN = 20;

/** A figure for `chart`. */
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
    element("details", "", element("summary", "", "Show as table", element("span", "visually-hidden", `: ${title}`)), table(title, chart.table, chart.texts)),
    element("div", "actions", fileButton("PNG", chart, pngFile), fileButton("SVG", chart, svgFile)),
  );
}

function legend(names: readonly string[]): HTMLElement {
  const sample = (index: number): Drawing => {
    const line = { type: "line", points: [[0, 6], [28, 6]], colour: series(index), width: 2, dash: DASHES[index % DASHES.length]! } as const;
    return { width: 28, height: 12, shapes: [line] };
  };
  const items = names.map((name, index) => {
    return element("li", "", unheard(toSvg(sample(index))), element("span", "", name));
  });
  return element("ul", "legend fine", ...items);
}

/** For who listens, a picture is what its place says of it. */
function unheard(picture: SVGSVGElement): SVGSVGElement {
  picture.setAttribute("aria-hidden", "true");
  return picture;
}

/** Draws as soon as the place has a width, and again when that changes. */
function fill(host: HTMLElement, { draw, plot }: Chart): void {
  let drawn = 0;
  new ResizeObserver(() => {
    const width = host.clientWidth;
    if (width === 0 || width === drawn) return;
    if (!plot) host.replaceChildren(unheard(toSvg(draw(width))));
    // A plot follows its place by itself.
    else if (drawn === 0) plot(host, width);
    drawn = width;
  }).observe(host);
}

function fileButton(
  kind: "PNG" | "SVG",
  { title, of, file, draw }: Chart,
  make: (drawing: Drawing, paint: (colour: Colour) => string) => Blob | Promise<Blob>,
): HTMLElement {
  const button = element("button", "plain", `Download ${kind}`, element("span", "visually-hidden", `: ${title}`));
  button.type = "button";
  button.addEventListener("click", async () => {
    download(await make(framed(of ? `${title}: ${of}` : title, draw(FILE_WIDTH - 2 * MARGIN)), colourNow), `${file}.${kind.toLowerCase()}`);
  });
  return button;
}

/** The drawing on a sheet, under its title. */
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

/** A colour as the page has it now, light or dark. */
function colourNow(colour: Colour): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${colour}`).trim();
}
