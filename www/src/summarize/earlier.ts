import { byId, element } from "../ui/dom.js";
import { t } from "../ui/words/words.js";
import { packed, type Stored, unpacked, type Work } from "./kept-work.js";

/** Key in the tab's session storage, or in the browser's local storage if the person wants it. */
const KEY = "precis-earlier";
/** Documents in the list at most. The oldest give way. */
const MOST = 20;
/** Characters of all of them, with their summaries, as they are stored. */
const MOST_CHARACTERS = 1_500_000;
/** Characters shown of a document and of its summary. */
const SHOWN = 100;

/** The documents that were summarized before the one that is shown, with their summaries and answers. */
export class EarlierDocuments {
  readonly #panel = byId("earlier", HTMLDetailsElement);
  readonly #items = byId("earlier-list", HTMLUListElement);
  readonly #onDevice = byId("earlier-keep", HTMLInputElement);
  /** Newest first. */
  #works: Work[] = [];
  /** Set by the page: shows a document and what was written about it. */
  onopen: (work: Work) => void = () => undefined;

  constructor() {
    this.#onDevice.checked = stored(localArea) !== null;
    this.#works = this.#read();
    this.#onDevice.addEventListener("change", () => this.#write());
    byId("earlier-forget", HTMLButtonElement).addEventListener("click", () => {
      this.#works = [];
      this.#write();
      this.#panel.hidden = true;
      byId("document", HTMLTextAreaElement).focus();
    });
  }

  /** Adds work that has results, in place of what was known of its document. */
  add(work: Work): void {
    const text = work.results[0]?.document;
    if (text === undefined) return;
    // Another tab may have added some meanwhile.
    this.#works = [{ ...work, text }, ...this.#read().filter((other) => other.text !== text)];
    this.#write();
  }

  /** Whether this text is in the list. */
  has(text: string): boolean {
    return this.#works.some((work) => work.text === text);
  }

  /** Lists all but the document `shown`. None can be opened while they are `locked`. */
  show(shown: string, locked: boolean): void {
    const others = this.#works.filter(({ text }) => text !== shown);
    this.#panel.hidden = others.length === 0;
    this.#items.replaceChildren(...others.map((work) => this.#item(work, shown, locked)));
  }

  #item(work: Work, shown: string, locked: boolean): HTMLLIElement {
    const title = beginning(work.text);
    const open = element("button", "plain", title);
    const remove = element("button", "plain", t("Remove"));
    remove.ariaLabel = t("Remove “{title}” from the list", { title });
    for (const button of [open, remove]) {
      button.type = "button";
      button.disabled = locked;
    }
    open.addEventListener("click", () => this.onopen(work));
    remove.addEventListener("click", () => {
      this.#works = this.#read().filter(({ text }) => text !== work.text);
      this.#write();
      this.show(shown, locked);
      // The button that had the focus is gone.
      (this.#items.querySelector("button") ?? byId("document", HTMLTextAreaElement)).focus();
    });
    return element("li", "", element("span", "earlier-title", open, remove), element("span", "fine", beginning(work.results[0]?.report.summary ?? "")));
  }

  /** What is stored, or what was known if nothing could be. */
  #read(): Work[] {
    const list = stored(this.#onDevice.checked ? localArea : sessionArea);
    return list?.flatMap((one) => unpacked(one) ?? []) ?? this.#works;
  }

  /** Stores the list where the person wants it, and nowhere else. */
  #write(): void {
    const works = this.#works.slice(0, MOST);
    const lengths = works.map((work) => JSON.stringify(packed(work)).length);
    while (lengths.reduce((sum, length) => sum + length, 0) > MOST_CHARACTERS) lengths.pop();
    this.#works = works.slice(0, lengths.length);
    const [into, other] = this.#onDevice.checked ? [localArea, sessionArea] : [sessionArea, localArea];
    store(other, null);
    // An empty list on the device says that the person wants documents to be kept there.
    for (const kept = this.#works.map(packed); !store(into, kept) && kept.length > 0; ) kept.pop();
  }
}

// Functions: a browser may refuse even to name its storage.
const localArea = () => localStorage;
const sessionArea = () => sessionStorage;

function stored(area: () => Storage): Partial<Stored>[] | null {
  try {
    const list: unknown = JSON.parse(area().getItem(KEY) ?? "null");
    return Array.isArray(list) ? (list as Partial<Stored>[]) : null;
  } catch {
    return null;
  }
}

/** False if it could not be stored. */
function store(area: () => Storage, list: Stored[] | null): boolean {
  try {
    if (list === null) area().removeItem(KEY);
    else area().setItem(KEY, JSON.stringify(list));
    return true;
  } catch {
    return false;
  }
}

/** The first words of a text. */
function beginning(text: string): string {
  const line = text.trim().slice(0, 4 * SHOWN).split("\n", 1)[0]!.trim();
  return line.length > SHOWN ? `${line.slice(0, SHOWN).trimEnd()} …` : line;
}
