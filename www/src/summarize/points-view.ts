import type { Report, Support } from "../package/api/index.js";
import { button, element } from "../ui/dom.js";
import { language, t } from "../ui/words/words.js";

/** A sentence of the summary, with its passage in the document. */
export type Point = Report["points"][number];

/** What begins each line of a list. */
const BULLET = /^[-•] /;

/** What screen readers say about a sentence. */
function description(support: Support): string {
  const descriptions: Record<Support, string> = {
    quoted: t("quoted from the document"),
    supported: t("in the model's words"),
    computed: t("counted in the document"),
    unsupported: t("not clearly supported by the text"),
  };
  return descriptions[support];
}

/** The engine always writes the field, but its type has a default. */
export function supportOf({ support = "unsupported" }: Point): Support {
  return support;
}

/** A sentence in the page: its text, and the number that leads to its source. */
export interface Shown {
  point: Point;
  text: HTMLElement;
  /** Button without text of its own: the style sheet adds the number, so that it is not copied with the summary. */
  number: HTMLButtonElement;
}

/**
 * The paragraphs or list of `report`'s summary, as real text. Each sentence is followed by a numbered button that calls `onpoint`;
 * a click on the sentence does the same. `spoken` is the language of the text, if it is known: screen readers pronounce it accordingly.
 */
export function shownSummary({ summary, points }: Pick<Report, "summary" | "points">, onpoint: (shown: Shown) => void, spoken = ""): HTMLElement[] {
  const lines = summary.split("\n").filter((line) => line.trim() !== "");
  const isList = lines.length > 0 && lines.every((line) => BULLET.test(line));
  const left = [...points];
  const filled = lines.map((line) => {
    const block = element(isList ? "li" : "p", "");
    block.dir = "auto";
    if (spoken !== "") block.lang = spoken;
    let rest = line.replace(isList ? BULLET : "", "");
    // Sentences come in the order of the summary. One that is not there would hide those after it.
    for (let at; left[0] && (at = rest.indexOf(left[0].text)) >= 0; ) {
      const point = left.shift()!;
      block.append(rest.slice(0, at), ...sentence(point, points.indexOf(point) + 1, onpoint));
      rest = rest.slice(at + point.text.length);
    }
    block.append(rest);
    return block;
  });
  return isList ? [element("ul", "", ...filled)] : filled;
}

function sentence(point: Point, place: number, onpoint: (shown: Shown) => void): HTMLElement[] {
  const support = supportOf(point);
  // The style sheet adds quotation marks, so that they are not copied with the text.
  const text = element("span", `point ${support}`, point.text);
  const number = button("cite", () => onpoint(shown));
  number.lang = language();
  number.dataset.number = String(place);
  number.ariaLabel = t("Source of sentence {number}, {support}", { number: String(place), support: description(support) });
  number.ariaExpanded = "false";
  number.setAttribute("aria-controls", "source");
  const shown = { point, text, number };
  text.addEventListener("click", () => {
    // A drag that selects text ends with a click, too.
    if (getSelection()?.isCollapsed ?? true) onpoint(shown);
  });
  return [text, number];
}
