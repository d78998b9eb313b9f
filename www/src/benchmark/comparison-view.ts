import { button, byId, element, isolated, reveal } from "../ui/dom.js";
import { t, tNodes } from "../ui/words/words.js";
import type { Card } from "../package/wasm/simd/precis.js";
import { isSame } from "./cards.js";
import { comparisonOf, type Row } from "./comparison.js";
import { deviceOf, shortened } from "./device.js";
import { best, when } from "./figures.js";
import { headOf, table } from "./table.js";

/** The region "Comparison": a card beside another one, the reference. Hidden until there are two. */
export class ComparisonView {
  readonly #region = byId("comparison", HTMLElement);
  readonly #title = byId("comparison-title", HTMLHeadingElement);
  readonly #body = byId("comparison-body", HTMLDivElement);

  /** Shows `first` in the first column, compared with `reference`. Everything is inserted as text, because cards are untrusted. */
  show(first: Card, reference: Card): void {
    const { rows, reading, comparable } = comparisonOf(first, reference);
    const swap = () => {
      this.show(reference, first);
      // The focused button was removed.
      this.#title.focus({ preventScroll: true });
    };
    const heads = [t("Figure"), name(first), ...(comparable ? [element("span", "", ...tNodes("{card}, the reference", { card: name(reference) })), t("Compared with the reference")] : [name(reference)])];
    const cells = rows.map((row) => [headOf(row), row.first, row.reference, ...(comparable ? [compared(row)] : [])]);
    const figures = table(t("Comparison"), [heads, ...cells]);
    figures.classList.add("stacked");
    this.#body.replaceChildren(
      ...(reading ? [element("p", "verdict", ...verdict(reading, name(first), name(reference)))] : []),
      described(first),
      described(reference),
      ...doubts(first, reference, comparable),
      ...(comparable ? [button("plain", swap, t("Swap the reference"))] : []),
      figures,
    );
    this.#region.hidden = false;
  }

  /** Hides the region, because the cards in it are no longer the person's subject. */
  hide(): void {
    this.#region.hidden = true;
    this.#body.replaceChildren();
  }

  /** Scrolls to the region and moves the focus there. */
  reveal(): void {
    reveal(this.#title);
  }
}

function name(card: Card): HTMLElement {
  return isolated(deviceOf(card));
}

/** What the comparison comes to, in a sentence. */
function verdict({ compared: ratio, interval, isSame }: Row, first: Node, reference: Node): (string | Node)[] {
  if (isSame) return tNodes("These measurements show no difference between how fast {first} and {reference}, the reference, read ({interval}).", { first, reference, interval: interval! });
  return tNodes("{first} reads {ratio} as {reference}, the reference.", { first, ratio, reference });
}

/** A ratio, or in a class of its own why there is none: that takes more room. */
function compared({ compared, interval, isReason, isSame }: Row): string | Node {
  if (isReason) return element("span", "why", compared);
  if (isSame) return t("no difference shown ({interval})", { interval: interval! });
  return interval === null ? compared : `${compared} (${interval})`;
}

function described(card: Card): HTMLElement {
  return element("p", "fine", name(card), `: ${shortened(best(card)?.name ?? t("nothing measured"))}, ${when(card.created)}.`);
}

/** Reasons why the two can't be compared, or not well. */
function doubts(first: Card, reference: Card, comparable: boolean): HTMLElement[] {
  const texts: (string | Node)[][] = [];
  if (isSame(first, reference)) texts.push([t("Both are the same card.")]);
  if (first.model.sha256 !== reference.model.sha256) texts.push([t("Different models were measured: the figures can't be compared.")]);
  else if (!comparable) texts.push([t("Different documents were read: the figures can't be compared.")]);
  for (const card of [first, reference]) if (card.invalid.length > 0) texts.push(tNodes("The card of {card} is invalid: do not trust its figures.", { card: name(card) }));
  return texts.length > 0 ? [element("div", "notice invalid", ...texts.map((text) => element("p", "", ...text)))] : [];
}
