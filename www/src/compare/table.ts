import { element } from "../page/dom.js";

/** A table of texts: the first row is its head, the first cell of each other row that row's. */
export function table(caption: string, [head = [], ...rows]: readonly (readonly (string | Node)[])[]): HTMLElement {
  const scope = (cell: HTMLTableCellElement, scope: string) => ((cell.scope = scope), cell);
  const body = rows.map(([first = "", ...others]) =>
    element("tr", "", scope(element("th", "", first), "row"), ...others.map((cell) => element("td", "", cell))),
  );
  const made = element(
    "table",
    "",
    element("caption", "visually-hidden", caption),
    element("thead", "", element("tr", "", ...head.map((cell) => scope(element("th", "", cell), "col")))),
    element("tbody", "", ...body),
  );
  // Wide tables scroll in their own box, with the keyboard too.
  const box = element("div", "scroll", made);
  box.tabIndex = 0;
  box.role = "group";
  box.ariaLabel = caption;
  return box;
}
