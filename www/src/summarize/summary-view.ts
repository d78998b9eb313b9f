import type { Report, Support } from "../package/api/index.js";
import { byId, element } from "../ui/dom.js";

type Point = Report["points"][number];

/** Characters of a passage that are shown. */
const SHOWN = 600;

/** What is said about a sentence, and above its passage. */
const SUPPORT: Record<Support, { description: string; note: string }> = {
  quoted: { description: "Quoted from the document", note: "Quoted from the document:" },
  supported: { description: "In the model's words", note: "In the model's words. The document says:" },
  computed: { description: "Counted in the document", note: "Counted in the document, without a model:" },
  unsupported: { description: "Not clearly supported by the text", note: "The text doesn't clearly say this. The closest passage:" },
};

/** The summary while it is written. At the end each sentence becomes a button that shows its passage. */
export class SummaryView {
  readonly #section = byId("summary", HTMLElement);
  readonly #text = byId("summary-text", HTMLParagraphElement);
  readonly #empty = byId("summary-empty", HTMLParagraphElement);
  readonly #hint = byId("summary-hint", HTMLParagraphElement);
  readonly #source = byId("source", HTMLElement);
  readonly #sourceNote = byId("source-note", HTMLParagraphElement);
  readonly #quote = byId("source-quote", HTMLQuoteElement);
  readonly #show = byId("source-show", HTMLButtonElement);
  /** Set by the page: shows a passage in the document field. False if the field has another text. */
  onshow: (passage: { document: string; start: number; end: number }) => boolean = () => false;
  #chosen: HTMLButtonElement | null = null;
  #passage = { document: "", start: 0, end: 0 };

  constructor() {
    this.#show.addEventListener("click", () => {
      if (!this.onshow(this.#passage)) this.#sourceNote.textContent = "This passage can't be shown in the document: the text has changed, or only its beginning is shown.";
    });
  }

  /** Clears the summary for a new run. */
  clear(): void {
    this.#section.ariaBusy = "true";
    this.#text.replaceChildren();
    this.#source.hidden = this.#hint.hidden = true;
    this.#empty.hidden = false;
    this.#chosen = null;
  }

  /** Appends new text. */
  append(pieces: string): void {
    this.#text.append(pieces);
    this.#empty.hidden = true;
  }

  /** Ends a run. With a report on `document`, each sentence becomes a button. */
  finish(report: Report | null, document: string): void {
    this.#section.ariaBusy = "false";
    if (!report) return;
    const { summary, points } = report;
    // The final text may differ from the streamed one, for example in white space.
    this.#text.replaceChildren();
    let at = 0;
    for (const point of points) {
      const start = summary.indexOf(point.text, at);
      if (start < 0) continue;
      this.#text.append(summary.slice(at, start), this.#button(point, document));
      at = start + point.text.length;
    }
    this.#text.append(summary.slice(at));
    this.#empty.hidden = summary !== "";
    this.#hint.hidden = at === 0;
  }

  #button(point: Point, document: string): HTMLButtonElement {
    const support = supportOf(point);
    // The style sheet adds quotation marks, so that they are not copied with the text.
    const button = element("button", `point ${support}`, point.text);
    button.type = "button";
    button.setAttribute("aria-controls", "source");
    button.setAttribute("aria-description", SUPPORT[support].description);
    button.addEventListener("click", () => this.#choose(button, point, document));
    return button;
  }

  #choose(button: HTMLButtonElement, point: Point, document: string): void {
    this.#chosen?.removeAttribute("aria-current");
    this.#chosen = button;
    button.setAttribute("aria-current", "true");
    const [start, end] = utf16(document, point);
    this.#passage = { document, start, end };
    const passage = document.slice(start, end).trim();
    this.#quote.textContent = passage.length > SHOWN ? `${passage.slice(0, SHOWN)}…` : passage;
    this.#sourceNote.textContent = SUPPORT[supportOf(point)].note;
    this.#source.hidden = false;
  }
}

/** The engine writes the field always, but its type has a default. */
function supportOf({ support = "unsupported" }: Point): Support {
  return support;
}

/** Converts the engine's offsets in code points to JavaScript's offsets in UTF-16 units. */
function utf16(document: string, { start, end }: Pick<Point, "start" | "end">): [number, number] {
  let [characters, units] = [0, 0];
  const advance = (to: number) => {
    for (; characters < to && units < document.length; characters++) units += document.codePointAt(units)! > 0xffff ? 2 : 1;
    return units;
  };
  return [advance(start), advance(end)];
}
