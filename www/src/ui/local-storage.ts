/** What this browser remembers for the next visit, as JSON under `key`; null where it remembers nothing. */
export function remembered(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null");
  } catch {
    // Browsers may refuse storage altogether (private windows, blocked cookies): then it lasts as long as the page.
    return null;
  }
}

/** Remembers `value`, or nothing any more where it is null. */
export function remember(key: string, value: unknown): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // As above.
  }
}

/** Texts that are remembered together, such as the licences that were accepted. */
export class RememberedSet {
  readonly #key: string;
  readonly #texts: Set<string>;

  constructor(key: string) {
    this.#key = key;
    const kept = remembered(key);
    this.#texts = new Set(Array.isArray(kept) ? kept.filter((text) => typeof text === "string") : []);
  }

  has(text: string): boolean {
    return this.#texts.has(text);
  }

  add(text: string): void {
    this.#texts.add(text);
    remember(this.#key, [...this.#texts]);
  }

  delete(text: string): void {
    this.#texts.delete(text);
    remember(this.#key, [...this.#texts]);
  }
}
