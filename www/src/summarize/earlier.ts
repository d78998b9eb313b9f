import { button, byId, element } from "../ui/dom.js";
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
  /** Newest first, in a browser that refuses storage; null if it does not. */
  #unstored: Work[] | null = null;
  /** Set by the page: shows a document and what was written about it. */
  onopen: (work: Work) => void = () => undefined;
  /** Set by the page: called when the list has changed. */
  onchange: () => void = () => undefined;

  constructor() {
    this.#onDevice.addEventListener("change", () => this.#move(this.#onDevice.checked));
    byId("earlier-forget", HTMLButtonElement).addEventListener("click", () => {
      this.#write([]);
      this.onchange();
      byId("document", HTMLTextAreaElement).focus();
    });
    // Another tab added or deleted some, or everything.
    addEventListener("storage", ({ key }) => {
      if (key === KEY || key === null) this.onchange();
    });
  }

  /** Adds work that has results, in place of what was known of its document. */
  add(work: Work): void {
    const text = work.results[0]?.document;
    if (text !== undefined) this.#write([{ ...work, text }, ...this.#works.filter((other) => other.text !== text)]);
  }

  /** Whether this text is in the list. */
  has(text: string): boolean {
    return this.#works.some((work) => work.text === text);
  }

  /** Lists all but the document whose summary is `shown`. None can be opened while they are `locked`. */
  show(shown: string | null, locked: boolean): void {
    this.#onDevice.checked = isOnDevice();
    const others = this.#works.filter(({ text }) => text !== shown);
    // What stays on the device can always be deleted.
    this.#panel.hidden = others.length === 0 && !this.#onDevice.checked;
    this.#items.replaceChildren(...others.map((work) => this.#item(work, locked)));
  }

  #item(work: Work, locked: boolean): HTMLLIElement {
    const title = beginning(work.text);
    const removed = () => {
      this.#write(this.#works.filter(({ text }) => text !== work.text));
      this.onchange();
      // The button that had the focus is gone.
      (this.#items.querySelector("button") ?? byId("document", HTMLTextAreaElement)).focus();
    };
    const open = button("plain", () => this.onopen(work), title);
    const remove = button("plain", removed, t("Remove"));
    remove.ariaLabel = t("Remove “{title}” from the list", { title });
    open.disabled = remove.disabled = locked;
    return element("li", "", element("span", "earlier-title", open, remove), element("span", "fine", beginning(work.results[0]!.report.summary)));
  }

  /** Newest first. Read each time: other tabs may share the list. */
  get #works(): Work[] {
    if (this.#unstored) return this.#unstored;
    // Those that this tab had before another one moved the list to the device come last.
    const areas = isOnDevice() ? [localArea, sessionArea] : [sessionArea];
    const works = areas.flatMap((area) => stored(area) ?? []).flatMap((one) => unpacked(one) ?? []);
    return works.filter(({ text, results }, i) => results.length > 0 && works.findIndex((other) => other.text === text) === i);
  }

  /** Stores as many as there is room for. */
  #write(works: readonly Work[], into = isOnDevice() ? localArea : sessionArea): void {
    let left = MOST_CHARACTERS;
    const kept = works.slice(0, MOST).flatMap((work) => {
      const one = packed(work);
      const { length } = JSON.stringify(one);
      if (length > left) return [];
      left -= length;
      return [one];
    });
    while (!store(into, kept) && kept.length > 0) kept.pop();
    this.#unstored = isStored(into) ? null : works.slice(0, MOST);
    // The list is in one place, and what may be lost goes last.
    if (!this.#unstored) store(into === localArea ? sessionArea : localArea, null);
  }

  /** Moves the list to the device, or back to this tab. */
  #move(onDevice: boolean): void {
    this.#write(this.#works, onDevice ? localArea : sessionArea);
    this.onchange();
  }
}

/** Whether the person wants the list on the device. An empty list there says so, too. */
function isOnDevice(): boolean {
  return isStored(localArea);
}

// Functions: a browser may refuse even to name its storage.
const localArea = () => localStorage;
const sessionArea = () => sessionStorage;

function isStored(area: () => Storage): boolean {
  try {
    return area().getItem(KEY) !== null;
  } catch {
    return false;
  }
}

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
