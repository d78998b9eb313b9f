import type { Support } from "../package/api/index.js";
import { byId } from "../ui/dom.js";
import { language, t } from "../ui/words/words.js";
import { type Point, type Shown, supportOf } from "./points-view.js";

/** Characters of a passage that are shown. */
const SHOWN = 600;

/** What stands above the passage of a sentence. */
function noteOn(support: Support): string {
  const notes: Record<Support, string> = {
    quoted: t("Quoted from the document:"),
    supported: t("In the model's words. The document says:"),
    computed: t("Counted in the document, without a model:"),
    unsupported: t("The text doesn't clearly say this. The closest passage:"),
  };
  return notes[support];
}

/** A passage of a document, in UTF-16 units. */
export interface Passage {
  document: string;
  start: number;
  end: number;
}

/** The card below a paragraph that shows where one of its sentences comes from. */
export class SourceCard {
  readonly #card = byId("source", HTMLDivElement);
  readonly #note = byId("source-note", HTMLParagraphElement);
  readonly #quote = byId("source-quote", HTMLQuoteElement);
  /** Set by the page: shows a passage in the document field. False if the field has another text. */
  onshow: (passage: Passage) => boolean = () => false;
  #shown: Shown | null = null;
  #passage: Passage | null = null;

  constructor() {
    byId("source-show", HTMLButtonElement).addEventListener("click", () => {
      if (this.#passage && this.onshow(this.#passage)) return;
      this.#note.textContent = t("This passage can't be shown: the document is not here, has changed, or only its beginning is shown.");
    });
    byId("source-close", HTMLButtonElement).addEventListener("click", () => this.#closed());
    addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.#shown || document.querySelector("dialog[open]")) return;
      // The same key cancels a run.
      event.preventDefault();
      this.#closed();
    }, { capture: true });
  }

  /** Shows the passage of a sentence of `document`, or hides it if it is shown. */
  toggle(shown: Shown, document: string): void {
    const again = this.#shown?.number === shown.number;
    this.hide();
    if (again) return;
    this.#shown = shown;
    shown.number.ariaExpanded = "true";
    shown.text.setAttribute("aria-current", "true");
    const [start, end] = utf16(document, shown.point);
    this.#passage = { document, start, end };
    this.#quote.textContent = passageOf(document, shown.point);
    this.#note.textContent = noteOn(supportOf(shown.point));
    const block = shown.text.parentElement!;
    this.#card.lang = language();
    this.#quote.lang = block.lang;
    if (block instanceof HTMLLIElement) block.append(this.#card);
    else block.after(this.#card);
    this.#card.hidden = false;
    // It may be below the screen.
    this.#card.scrollIntoView({ block: "nearest" });
  }

  hide(): void {
    this.#shown?.text.removeAttribute("aria-current");
    if (this.#shown) this.#shown.number.ariaExpanded = "false";
    this.#shown = null;
    this.#card.hidden = true;
    // The summary, of which it may be a part, will be replaced.
    byId("summary", HTMLElement).append(this.#card);
  }

  /** Hides the card and gives the focus back to the sentence's number. */
  #closed(): void {
    const { number } = this.#shown ?? {};
    this.hide();
    number?.focus();
  }
}

/** The beginning of a sentence's passage in `document`. */
export function passageOf(document: string, point: Point): string {
  const passage = document.slice(...utf16(document, point)).trim();
  return passage.length > SHOWN ? `${passage.slice(0, SHOWN)}…` : passage;
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
