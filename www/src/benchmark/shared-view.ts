import type { Card } from "../package/wasm/simd/precis.js";
import { chosenHash } from "../ui/chosen-model.js";
import { byId, element, isolated, reveal } from "../ui/dom.js";
import { measured } from "../ui/format.js";
import { t, tNodes } from "../ui/words/words.js";
import { deviceOf, shortened } from "./device.js";
import { readingOf, when } from "./figures.js";
import { modelNote } from "./measure-panel.js";

/** The region "Shared card": whose card the link holds, and a button to measure this device beside it. Hidden without such a link. */
export class SharedView {
  /** Set by the page: called when this device is to be measured. */
  onmeasure: () => void = () => undefined;

  readonly #region = byId("shared-card", HTMLElement);
  readonly #title = byId("shared-title", HTMLHeadingElement);
  readonly #body = byId("shared-body", HTMLDivElement);
  readonly #note = byId("shared-note", HTMLParagraphElement);
  #card: Card | null = null;

  constructor() {
    byId("measure-mine", HTMLButtonElement).addEventListener("click", () => this.onmeasure());
  }

  /** Shows whose `card` is. Everything is inserted as text, because cards are untrusted. */
  show(card: Card): void {
    const speed = readingOf(card)?.tokens_per_second.median ?? null;
    const name = isolated(deviceOf(card));
    const verdict =
      speed === null
        ? tNodes("This is the result of {card}.", { card: name })
        : tNodes("This is the result of {card}. It reads {speed} tokens per second.", { card: name, speed: measured(speed) });
    this.#body.replaceChildren(
      element("p", "verdict", ...verdict),
      element("p", "fine", t("Measured on {date}. Self-reported: whoever made the link measured it, and nobody has checked it.", { date: when(card.created) })),
    );
    this.#card = card;
    this.showModel();
    this.#region.hidden = false;
  }

  /** Says which model would be measured here, and whether it is the card's. */
  showModel(): void {
    if (this.#card === null) return;
    this.#note.textContent = `${t("Measure mine takes about a minute.")} ${isOtherModel(this.#card) ? otherModel(this.#card) : modelNote()}`;
  }

  /** Scrolls to the region and moves the focus there. */
  reveal(): void {
    reveal(this.#title);
  }
}

/** Whether the model chosen here is known to be another one, so that the two can't be compared. */
function isOtherModel(card: Card): boolean {
  const hash = chosenHash();
  return hash !== null && hash !== card.model.sha256;
}

function otherModel({ model }: Card): string {
  return t("The link's card was measured with another model, {model}: choose that on the page Summarize first, or the two can't be compared.", { model: shortened(model.id) });
}
