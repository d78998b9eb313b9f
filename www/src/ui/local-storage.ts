/** The text that this browser stores under `key`; null if there is none. */
export function storedText(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    // Browsers may refuse storage (private windows, blocked cookies).
    return null;
  }
}

/** Stores `text` for the next visit; null removes it. */
export function storeText(key: string, text: string | null): void {
  try {
    if (text === null) localStorage.removeItem(key);
    else localStorage.setItem(key, text);
  } catch {
    // Without storage, the text is lost with the page.
  }
}

/** The JSON value that this browser stores under `key`; null if there is none. */
export function remembered(key: string): unknown {
  try {
    return JSON.parse(storedText(key) ?? "null");
  } catch {
    return null;
  }
}

/** Stores `value` for the next visit; null removes it. */
export function remember(key: string, value: unknown): void {
  storeText(key, value === null ? null : JSON.stringify(value));
}

/** A stored set of texts, such as the accepted licences. */
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
