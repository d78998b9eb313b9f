import { button, byId, element, isolated } from "../ui/dom.js";
import { measured } from "../ui/format.js";
import { t } from "../ui/words/words.js";
import { plainName } from "./configuration-names.js";
import { shortened } from "./device.js";
import { when } from "./figures.js";
import type { Kept } from "./store.js";

/** Actions on a card of the history. */
export interface HistoryActions {
  open(kept: Kept): Promise<void>;
  compare(kept: Kept): Promise<void>;
  remove(kept: Kept): Promise<void>;
  rename(kept: Kept, name: string): Promise<void>;
}

/** The list "History". */
export class HistoryView {
  readonly #title = byId("history-title", HTMLHeadingElement);
  readonly #list = byId("cards", HTMLUListElement);
  readonly #empty = byId("history-empty", HTMLParagraphElement);
  readonly #notice = byId("history-notice", HTMLDivElement);

  constructor(readonly actions: HistoryActions) {}

  /** Shows these cards in this order. */
  show(cards: readonly Kept[]): void {
    this.#empty.hidden = cards.length > 0;
    this.#list.replaceChildren(...cards.map((kept) => this.#item(kept)));
  }

  /**
   * Says what has happened, with a button if it can be undone. Replaces what was said before. The region is
   * announced by screen readers. The button comes next after the heading, which has the focus after a deletion.
   */
  say(parts: readonly (string | Node)[], undo?: () => Promise<void>): void {
    const said = element("div", "notice", ...parts);
    if (undo) {
      const undone = async () => {
        await undo();
        // The focused button was removed.
        this.#title.focus();
      };
      said.append(" ", button("plain", () => void undone(), t("Undo")));
    }
    this.#notice.replaceChildren(said);
  }

  /** Says `text` below what can still be undone. Replaces all else. */
  add(text: string): void {
    for (const said of [...this.#notice.children]) if (!said.querySelector("button")) said.remove();
    this.#notice.append(element("div", "notice", text));
  }

  #item(kept: Kept): HTMLElement {
    const { actions } = this;
    const title = titleOf(kept);
    const name = isolated(title, "kept-name");
    const date = when(kept.created);
    // Two cards may have the same name.
    const called = `${title}, ${date}`;
    const head = element("div", "", name);
    const item: HTMLLIElement = element(
      "li",
      "",
      head,
      element("p", "fine", `${date} · ${kept.own ? t("measured here") : t("imported")}`),
      scoreOf(kept),
      element(
        "div",
        "actions",
        action(t("Open"), called, () => actions.open(kept)),
        action(t("Compare"), called, () => actions.compare(kept)),
        action(t("Rename"), called, async () => this.#edit(head, name, kept, item)),
        action(t("Delete"), called, async () => {
          await actions.remove(kept);
          // The focused button was removed.
          this.#title.focus();
        }),
      ),
    );
    return item;
  }

  /** Replaces the name with a text field. */
  #edit(head: HTMLElement, name: HTMLElement, kept: Kept, item: HTMLElement): void {
    const field = element("input", "");
    field.type = "text";
    field.maxLength = 60;
    field.value = kept.name;
    field.ariaLabel = t("New name of {card}", { card: titleOf(kept) });
    const save = element("button", "plain", t("Save name"));
    save.type = "submit";
    const form = element("form", "actions", field, save);
    const back = () => {
      head.replaceChildren(name);
      item.querySelectorAll("button")[2]?.focus();
    };
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const typed = plainName(field.value);
      if (!typed || typed === kept.name) return back();
      await this.actions.rename(kept, typed);
      this.#title.focus();
    });
    form.addEventListener("keydown", ({ key }) => key === "Escape" && back());
    head.replaceChildren(form);
    field.focus();
    field.select();
  }
}

/** The name in the list, which does not read the whole card. */
export function titleOf({ name }: Kept): string {
  return shortened(name.trim()) || t("A device without a name");
}

function action(label: string, of: string, act: () => Promise<void>): HTMLButtonElement {
  const made = button("plain", () => void act(), label);
  made.ariaLabel = `${label} ${of}`;
  return made;
}

function scoreOf({ score, invalid = false }: Kept): HTMLElement {
  if (invalid) return element("p", "fine", t("Invalid: do not trust these figures"));
  return element("p", "kept-score", score === null ? "—" : measured(score), " ", element("span", "unit", t("documents a minute")));
}
