import { PrecisError, toPrecisError } from "../package/api/errors.js";
import type { Card } from "../package/wasm/simd/precis.js";
import { readCard } from "./cards.js";
import { HistoryView } from "./history-view.js";
import { CardStore, type Kept } from "./store.js";

/** The stored cards and their list. Errors of the storage are shown in the list and do not stop anything else. */
export class History {
  /** Set by the page: called with a card to show, or to compare. */
  onopen: (card: Card) => void = () => undefined;
  oncompare: (card: Card) => void = () => undefined;

  readonly #store = new CardStore();
  readonly #view = new HistoryView({
    open: (kept) => this.#try(async () => this.onopen(await readCard(kept.json))),
    compare: (kept) => this.#try(async () => this.oncompare(await readCard(kept.json))),
    remove: (kept) => this.#change(() => this.#store.remove(kept)),
    rename: (kept, name) => this.#change(async () => this.#store.replace(kept, { ...(await readCard(kept.json)), name })),
  });
  #kept: Kept[] = [];

  /** Loads the stored cards. */
  refresh(): Promise<void> {
    return this.#change(async () => undefined);
  }

  /** Stores `card`. */
  add(card: Card, own: boolean): Promise<void> {
    return this.#change(() => this.#store.add(card, own));
  }

  /** The newest card measured here, other than `card`. */
  async newestOwn(card: Card): Promise<Card | null> {
    const kept = this.#kept.find(({ own, created, name }) => own && !(created === card.created && name === card.name));
    return kept ? readCard(kept.json) : null;
  }

  /** Whether `card` was measured here and is stored. */
  isOwn(card: Card): boolean {
    return this.#kept.some(({ own, created, name }) => own && created === card.created && name === card.name);
  }

  /** All readable cards, the newest first. */
  async cards(): Promise<Card[]> {
    const read = await Promise.allSettled(this.#kept.map(({ json }) => readCard(json)));
    return read.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  }

  #change(work: () => Promise<void>): Promise<void> {
    return this.#try(async () => {
      await work();
      this.#kept = await this.#store.all();
      this.#view.show(this.#kept);
    });
  }

  async #try(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#view.notice = "";
    } catch (error) {
      const { message } = error instanceof PrecisError ? error : toPrecisError(error);
      this.#view.notice = message;
    }
  }
}
