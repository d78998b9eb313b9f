import { byId, element } from "../ui/dom.js";
import type { Card } from "../package/wasm/simd/precis.js";
import { best, figuresOf, type Figure, ratio, rowsOf, shown, when } from "./figures.js";
import { table } from "./table.js";

/** The region "Comparison": another card beside the person's own or the open card. */
export class ComparisonView {
  readonly #title = byId("comparison-title", HTMLHeadingElement);
  readonly #body = byId("comparison-body", HTMLDivElement);
  readonly #empty = byId("comparison-empty", HTMLParagraphElement);

  /** Shows `theirs` beside `yours`, if that exists. `own` says whether `yours` was measured here. */
  show(theirs: Card, yours: Card | null, own: boolean): void {
    this.#empty.hidden = true;
    const [name, ratioName] = own || !yours ? ["Yours", "Theirs ÷ yours"] : ["Open card", "Theirs ÷ open card"];
    const columns = [figures(theirs), yours ? figures(yours) : []];
    const rows = rowsOf(columns).flatMap(({ label, unit }) => {
      const [their, your] = columns.map((column) => column.find((figure) => figure.label === label) ?? null);
      if ((their?.value ?? null) === null && (your?.value ?? null) === null) return [];
      const head = unit === "ms" || unit === "bytes" ? label : `${label}, ${unit}`;
      return [[head, cell(their), cell(your), ratio(their?.value ?? null, your?.value ?? null)]];
    });
    this.#body.replaceChildren(
      element("p", "fine", `Theirs: ${named(theirs)}.`),
      element("p", "fine", yours ? `${name}: ${named(yours)}.` : "You have no card yet: measure this device to compare it."),
      ...doubts(theirs, yours),
      table("Comparison", [["Figure", "Theirs", name, ratioName], ...rows]),
    );
  }

  /** Scrolls to the region and moves the focus there. */
  reveal(): void {
    this.#title.focus({ preventScroll: true });
    this.#title.scrollIntoView({ block: "start" });
  }
}

function figures(card: Card): Figure[] {
  const fastest = best(card);
  return fastest ? figuresOf(fastest) : [];
}

function cell(figure: Figure | null | undefined): string {
  return figure ? shown(figure) : "—";
}

function named(card: Card): string {
  return `${card.name || "without a name"}, ${best(card)?.name ?? "nothing measured"}, ${when(card.created)}`;
}

/** Reasons why the two can't be compared, or not well. */
function doubts(theirs: Card, yours: Card | null): HTMLElement[] {
  const texts: string[] = [];
  if (yours && yours.model.sha256 !== theirs.model.sha256) texts.push("Different models were measured: the figures can't be compared.");
  else if (yours && yours.method.document_sha256 !== theirs.method.document_sha256) texts.push("Different documents were read: the figures can't be compared.");
  if (theirs.invalid.length > 0) texts.push("Their card is invalid: do not trust its figures.");
  if (yours && yours.invalid.length > 0) texts.push(`The card “${yours.name}” is invalid: do not trust its figures.`);
  return texts.length > 0 ? [element("div", "notice invalid", ...texts.map((text) => element("p", "", text)))] : [];
}
