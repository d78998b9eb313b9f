import type { StoredModel } from "../package/api/index.js";
import { type CatalogueEntry, type Choice, fromCatalogue, fromStored } from "../ui/chosen-model.js";
import { element } from "../ui/dom.js";
import { megabytes, tokens } from "../ui/format.js";
import { t } from "../ui/words/words.js";

/** Actions of a row. */
export interface RowActions {
  use: (choice: Choice, entry: CatalogueEntry | null) => void;
  remove: (sha256: string) => void;
}

/** Rows of all models: the catalogue, and below it the person's own stored models. */
export function modelRows(catalogue: readonly CatalogueEntry[], stored: readonly StoredModel[], current: string | null, actions: RowActions): HTMLLIElement[] {
  const listed = catalogue.map((entry) => {
    const here = stored.find(({ sha256 }) => sha256 === entry.sha256);
    const facts = [megabytes(entry.bytes), entry.quant, t("{tokens} of context", { tokens: tokens(entry.context) })];
    const choose = () => actions.use(fromCatalogue(entry), entry);
    return row(entry.name, [facts.join(" · "), licence(entry)], here, stateOf(entry, here), entry.sha256 === current, choose, actions);
  });
  const own = stored
    .filter(({ sha256 }) => !catalogue.some((entry) => entry.sha256 === sha256))
    .map((model) => {
      const choice = fromStored(model);
      const choose = model.complete ? () => actions.use(choice, null) : null;
      const state = model.complete ? t("On this device. You added it.") : t("Partly on this device.");
      return row(choice.name, [megabytes(model.bytes)], model, state, model.sha256 === current, choose, actions);
    });
  return [...listed, ...own];
}

function row(
  name: string,
  facts: (string | Node)[],
  here: StoredModel | undefined,
  state: string,
  current: boolean,
  choose: (() => void) | null,
  { remove }: RowActions,
): HTMLLIElement {
  const title = element("p", "model-title", name);
  const about = element("div", "model-about", title, element("p", "fine", ...facts.flatMap((fact, i) => (i > 0 ? [" · ", fact] : [fact]))));
  about.append(element("p", here?.complete ? "model-here" : "fine", state));
  const buttons = element("div", "model-actions");
  if (current) buttons.append(element("span", "model-current", t("In use")));
  else if (choose) buttons.append(button(here?.complete ? t("Use") : t("Get and use"), name, "", choose));
  if (here) buttons.append(button(t("Delete"), name, "plain", () => remove(here.sha256)));
  const item = element("li", "model-row", about, buttons);
  if (current) item.ariaCurrent = "true";
  return item;
}

function button(label: string, name: string, className: string, work: () => void): HTMLButtonElement {
  const made = element("button", className, label);
  made.type = "button";
  made.ariaLabel = `${label}: ${name}`;
  made.addEventListener("click", work);
  return made;
}

function licence({ licence, terms }: CatalogueEntry): string | Node {
  if (terms === undefined) return licence;
  const link = element("a", "", t("{licence} terms", { licence }));
  link.href = terms;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  return link;
}

function stateOf({ bytes, verified, accept }: CatalogueEntry, here: StoredModel | undefined): string {
  if (here?.complete) return t("On this device");
  if (here) {
    const values = { done: megabytes(Math.min(here.bytes, bytes)), total: megabytes(bytes) };
    return t("{done} of {total} on this device. The download continues from there.", values);
  }
  const facts = [
    accept ? t("You have to accept its licence first.") : "",
    verified === false ? t("We have not tried this model yet. Its file is verified by the hash that its host publishes.") : "",
  ];
  return facts.filter(Boolean).join(" ") || t("Not on this device yet");
}
