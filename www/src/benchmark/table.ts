import { element, scrolling } from "../ui/dom.js";
import { type Unit, unitInWords } from "./figures.js";

/** A table. The first row is its head, and the first cell of every row a header. The first `texts` columns contain text, the others numbers. */
export function table(caption: string, [head = [], ...rows]: readonly (readonly (string | Node)[])[], texts = 1): HTMLElement {
  const kind = (column: number) => (column < texts ? "text" : "");
  const scope = (cell: HTMLTableCellElement, scope: string) => ((cell.scope = scope), cell);
  const body = rows.map(([first = "", ...others]) =>
    element("tr", "", scope(element("th", "", first), "row"), ...others.map((cell, i) => element("td", kind(i + 1), cell))),
  );
  const made = element(
    "table",
    "",
    element("caption", "visually-hidden", caption),
    element("thead", "", element("tr", "", ...head.map((cell, i) => scope(element("th", kind(i), cell), "col")))),
    element("tbody", "", ...body),
  );
  return scrolling(made, caption);
}

/** The head of a figure's row: its label, its unit unless the values have it, and what it means. */
export function headOf({ label, unit, meaning = "" }: { label: string; unit?: Unit; meaning?: string }): HTMLElement {
  const fine = (text: string, className: string) => element("span", `fine ${className}`, text);
  const withUnit = unit && unit !== "ms" && unit !== "bytes" ? [" ", fine(unitInWords(unit), "")] : [];
  return element("span", "", label, ...withUnit, ...(meaning ? [" ", fine(meaning, "meaning")] : []));
}
