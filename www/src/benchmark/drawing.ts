/** Pictures as lists of shapes, which are drawn as SVG on the page, or saved as an SVG or PNG file. */

/** A colour by its purpose. `series-0` to `series-5` are for configurations. */
export type Colour = "ink" | "muted" | "line" | "sheet" | `series-${number}`;

/** A shape. Coordinates are CSS pixels. */
export type Shape =
  | { type: "rect"; x: number; y: number; width: number; height: number; colour: Colour }
  | { type: "line"; points: readonly (readonly [number, number])[]; colour: Colour; width: number; dash?: readonly number[] }
  | { type: "text"; x: number; y: number; text: string; colour: Colour; anchor?: "start" | "middle" | "end"; bold?: boolean };

/** A picture. */
export interface Drawing {
  width: number;
  height: number;
  shapes: readonly Shape[];
}

/** Number of different series colours; further series repeat them. */
export const SERIES = 6;

/** Line pattern of each series, to tell them apart without colours. */
export const DASHES: readonly (readonly number[])[] = [[], [7, 4], [2, 3], [10, 3, 2, 3], [4, 2], [12, 5]];

/** Size of all text. */
export const FONT_SIZE = 12;

const FONT = "system-ui, sans-serif";
const NAMESPACE = "http://www.w3.org/2000/svg";

/** The colour of series `index`. */
export function series(index: number): Colour {
  return `series-${index % SERIES}`;
}

/** `text`, cut to about `width` pixels. */
export function cut(text: string, width: number): string {
  const most = Math.max(4, Math.floor(width / (FONT_SIZE * 0.56)));
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** Converts to SVG. `paint` returns the colours for a file; without it, CSS classes set the page's colours. */
export function toSvg({ width, height, shapes }: Drawing, paint?: (colour: Colour) => string): SVGSVGElement {
  const make = <K extends keyof SVGElementTagNameMap>(tag: K, attributes: Record<string, string | number>): SVGElementTagNameMap[K] => {
    const made = document.createElementNS(NAMESPACE, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
    return made;
  };
  const colour = (attribute: string, of: Colour): Record<string, string> =>
    paint ? { [attribute]: paint(of) } : { [attribute]: "currentColor", class: `colour-${of}` };
  const svg = make("svg", { width, height, viewBox: `0 0 ${width} ${height}` });
  for (const shape of shapes) {
    if (shape.type === "rect") {
      const { x, y, width, height } = shape;
      svg.append(make("rect", { x, y, width: round(width), height, ...colour("fill", shape.colour) }));
    } else if (shape.type === "line") {
      const points = shape.points.map((point) => point.map(round).join(",")).join(" ");
      const dash = shape.dash?.length ? { "stroke-dasharray": shape.dash.join(" ") } : {};
      svg.append(make("polyline", { points, fill: "none", "stroke-width": shape.width, ...dash, ...colour("stroke", shape.colour) }));
    } else {
      const weight = shape.bold ? { "font-weight": 600 } : {};
      const text = make("text", { x: shape.x, y: shape.y, "font-size": FONT_SIZE, "font-family": FONT, "text-anchor": shape.anchor ?? "start", ...weight, ...colour("fill", shape.colour) });
      text.textContent = shape.text;
      svg.append(text);
    }
  }
  return svg;
}

/** Rounds to a hundredth of a pixel. */
function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Makes an SVG file. */
export function svgFile(drawing: Drawing, paint: (colour: Colour) => string): Blob {
  return new Blob([new XMLSerializer().serializeToString(toSvg(drawing, paint))], { type: "image/svg+xml" });
}

/** Makes a PNG file with two pixels per CSS pixel. */
export async function pngFile({ width, height, shapes }: Drawing, paint: (colour: Colour) => string): Promise<Blob> {
  const canvas = document.createElement("canvas");
  canvas.width = width * 2;
  canvas.height = height * 2;
  const context = canvas.getContext("2d");
  if (!context) throw new Error("this browser can't draw pictures");
  context.scale(2, 2);
  for (const shape of shapes) draw(context, shape, paint(shape.colour));
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the picture is too large"))), "image/png");
  });
}

function draw(context: CanvasRenderingContext2D, shape: Shape, colour: string): void {
  context.fillStyle = context.strokeStyle = colour;
  if (shape.type === "rect") {
    context.fillRect(shape.x, shape.y, shape.width, shape.height);
  } else if (shape.type === "line") {
    context.lineWidth = shape.width;
    context.setLineDash([...(shape.dash ?? [])]);
    context.beginPath();
    for (const [x, y] of shape.points) context.lineTo(x, y);
    context.stroke();
  } else {
    context.font = `${shape.bold ? 600 : 400} ${FONT_SIZE}px ${FONT}`;
    context.textAlign = shape.anchor === "middle" ? "center" : (shape.anchor ?? "start");
    context.fillText(shape.text, shape.x, shape.y);
  }
}
