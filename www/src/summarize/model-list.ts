import type { StoredModel } from "../package/api/index.js";
import { type CatalogueEntry, type Choice, fromCatalogue, fromStored } from "../ui/chosen-model.js";
import { button, element } from "../ui/dom.js";
import { megabytes, tokens } from "../ui/format.js";
import { t } from "../ui/words/words.js";
import { recommended, sentencesAbout } from "./model-facts.js";

/** Actions of a row. */
export interface RowActions {
  use: (choice: Choice, entry: CatalogueEntry | null) => void;
  remove: (sha256: string) => void;
}

/** One model in the list. */
interface Row {
  name: string;
  recommended: boolean;
  /** What its summaries are like, and what it takes. */
  sentences: readonly string[];
  facts: readonly (string | Node)[];
  here: StoredModel | undefined;
  state: string;
  current: boolean;
  /** Null if it can't be used. */
  choose: (() => void) | null;
}

/** Rows of all models: the catalogue, and below it the person's own stored models. */
export function modelRows(catalogue: readonly CatalogueEntry[], stored: readonly StoredModel[], current: string | null, actions: RowActions): HTMLLIElement[] {
  const best = recommended(catalogue);
  const listed = catalogue.map((entry): Row => {
    const here = stored.find(({ sha256 }) => sha256 === entry.sha256);
    return {
      name: entry.name,
      recommended: entry === best,
      sentences: sentencesAbout(entry, catalogue),
      facts: [[megabytes(entry.bytes), entry.quant, t("{tokens} of context", { tokens: tokens(entry.context) })].join(" · "), licence(entry)],
      here,
      state: stateOf(entry, here),
      current: entry.sha256 === current,
      choose: () => actions.use(fromCatalogue(entry), entry),
    };
  });
  const own = stored
    .filter(({ sha256 }) => !catalogue.some((entry) => entry.sha256 === sha256))
    .map((model): Row => {
      const choice = fromStored(model);
      return {
        name: choice.name,
        recommended: false,
        sentences: [],
        facts: [megabytes(model.bytes)],
        here: model,
        state: model.complete ? t("On this device. You added it.") : t("Partly on this device."),
        current: model.sha256 === current,
        choose: model.complete ? () => actions.use(choice, null) : null,
      };
    });
  return [...listed, ...own].map((row, number) => shown(row, number, actions));
}

function shown({ name, recommended, sentences, facts, here, state, current, choose }: Row, number: number, { remove }: RowActions): HTMLLIElement {
  const about = element("div", "model-about", element("p", "model-title", name));
  about.id = `model-${number}`;
  if (recommended) about.append(element("p", "model-best", t("Recommended for this device")));
  if (sentences.length > 0) about.append(element("p", "model-facts", sentences.join(" ")));
  about.append(element("p", "fine", ...facts.flatMap((fact, i) => (i > 0 ? [" · ", fact] : [fact]))));
  about.append(element("p", here?.complete ? "model-here" : "fine", state));
  const buttons = element("div", "model-actions");
  if (current) buttons.append(element("span", "model-current", t("In use")));
  else if (choose) {
    const use = action(here?.complete ? t("Use") : t("Get and use"), name, "", choose);
    use.setAttribute("aria-describedby", about.id);
    buttons.append(use);
  }
  if (here) buttons.append(action(t("Delete"), name, "plain", () => remove(here.sha256)));
  const item = element("li", "model-row", about, buttons);
  if (current) item.ariaCurrent = "true";
  return item;
}

function action(label: string, name: string, className: string, work: () => void): HTMLButtonElement {
  const made = button(className, work, label);
  made.ariaLabel = `${label}: ${name}`;
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
