import { toPrecisError } from "../package/api/errors.js";
import type { Card } from "../package/wasm/simd/precis.js";
import { inEnglish } from "../ui/alert.js";
import { isolated } from "../ui/dom.js";
import { messageOf } from "../ui/words/errors.js";
import { tNodes } from "../ui/words/words.js";
import { isSame, readCard } from "./cards.js";
import { sameWork } from "./comparison.js";
import { deviceOf } from "./device.js";
import { HistoryView, titleOf } from "./history-view.js";
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
    remove: (kept) => this.#remove(kept),
    rename: (kept, name) => this.#rename(kept, name),
  });
  #kept: Kept[] = [];

  /** Loads the stored cards. */
  refresh(): Promise<void> {
    return this.#change(async () => undefined);
  }

  /** Stores a card that was measured here. */
  add(card: Card): Promise<void> {
    return this.#change(async () => {
      await this.#store.add(card, true);
      this.#view.say(tNodes("Kept: {card}", { card: isolated(deviceOf(card, "A")) }));
    });
  }

  /** Stores a card from elsewhere, unless it is here, and says which of the two. */
  take(card: Card): Promise<void> {
    return this.#change(async () => {
      const here = await this.#find(card);
      if (here) return this.#view.say(tNodes("Already here: {card}", { card: isolated(deviceOf(here.card, "A")) }));
      await this.#store.add(card, false);
      this.#view.say(tNodes("Added: {card}", { card: isolated(deviceOf(card, "A")) }));
    });
  }

  /**
   * The card to compare `card` with: one that was measured here, or if there is none and `any`, one from elsewhere. Rather one of
   * the same model, and of those the newest. Null if there is none.
   */
  async partnerOf(card: Card, any: boolean): Promise<Card | null> {
    const here = await this.#find(card);
    const others = (await this.#read(this.#kept)).filter(({ kept }) => kept.id !== here?.kept.id);
    const own = others.filter(({ kept }) => kept.own);
    const candidates = own.length > 0 || !any ? own : others;
    return (candidates.find((one) => sameWork(one.card, card)) ?? candidates[0])?.card ?? null;
  }

  /** Says something about the cards. */
  say(text: string): void {
    this.#view.add(text);
  }

  /** Whether `card` was measured here and is stored. */
  async isOwn(card: Card): Promise<boolean> {
    return (await this.#find(card))?.kept.own ?? false;
  }

  /** All readable cards, the newest first. */
  async cards(): Promise<Card[]> {
    return (await this.#read(this.#kept)).map(({ card }) => card);
  }

  async #find(card: Card): Promise<{ kept: Kept; card: Card } | null> {
    const sameTime = await this.#read(this.#kept.filter(({ created }) => created === card.created));
    return sameTime.find((one) => isSame(one.card, card)) ?? null;
  }

  async #read(all: readonly Kept[]): Promise<{ kept: Kept; card: Card }[]> {
    const read = await Promise.allSettled(all.map(async (kept) => ({ kept, card: await readCard(kept.json) })));
    return read.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  }

  #rename(kept: Kept, name: string): Promise<void> {
    return this.#change(async () => {
      await this.#store.replace(kept, { ...(await readCard(kept.json)), name });
      this.#view.say(tNodes("Renamed: {card}", { card: isolated(name) }));
    });
  }

  #remove(kept: Kept): Promise<void> {
    return this.#change(async () => {
      await this.#store.remove(kept);
      this.#view.say(tNodes("Deleted: {card}", { card: isolated(titleOf(kept)) }), () => this.#restore(kept));
    });
  }

  #restore(kept: Kept): Promise<void> {
    // Offered again if it fails, because the card is nowhere else.
    const again = () => this.#restore(kept);
    return this.#change(async () => {
      await this.#store.restore(kept);
      this.#view.say(tNodes("Restored: {card}", { card: isolated(titleOf(kept)) }));
    }, again);
  }

  #change(work: () => Promise<void>, undo?: () => Promise<void>): Promise<void> {
    return this.#try(async () => {
      await work();
      this.#kept = await this.#store.all();
      this.#view.show(this.#kept);
    }, undo);
  }

  async #try(work: () => Promise<void>, undo?: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const { message, details } = messageOf(toPrecisError(error));
      this.#view.say([message, ...(details === null ? [] : [inEnglish(details)])], undo);
    }
  }
}
