import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { Card } from "../package/wasm/simd/precis.js";
import { PageError } from "../ui/words/errors.js";
import { t } from "../ui/words/words.js";
import { bestScore } from "./figures.js";

/** A stored card. */
export interface Kept {
  id: number;
  /** Whether it was measured here; false if it was imported. */
  own: boolean;
  name: string;
  created: string;
  score: number | null;
  /** Whether its figures are not to be trusted. Cards that were stored before this was noted have none. */
  invalid?: boolean;
  /** The card. The engine reads it again on each use, because an older version of this page may have written it. */
  json: string;
}

interface Schema extends DBSchema {
  cards: { key: number; value: Omit<Kept, "id"> & { id?: number } };
}

/** The cards stored in this browser for this site. */
export class CardStore {
  #database: Promise<IDBPDatabase<Schema>> | null = null;

  /** All cards, the newest first. */
  async all(): Promise<Kept[]> {
    const kept = (await this.#try((database) => database.getAll("cards"))) as Kept[];
    return kept.reverse();
  }

  /** Stores `card`. */
  async add(card: Card, own: boolean): Promise<void> {
    await this.#try((database) => database.add("cards", { ...row(card), own }));
  }

  /** Replaces the card stored under `id`. */
  async replace({ id, own }: Kept, card: Card): Promise<void> {
    await this.#try((database) => database.put("cards", { ...row(card), own, id }));
  }

  /** Stores a removed card again, in its place. */
  async restore(kept: Kept): Promise<void> {
    await this.#try((database) => database.put("cards", kept));
  }

  async remove({ id }: Kept): Promise<void> {
    await this.#try((database) => database.delete("cards", id));
  }

  async #try<T>(work: (database: IDBPDatabase<Schema>) => Promise<T>): Promise<T> {
    try {
      this.#database ??= open();
      return await work(await this.#database);
    } catch (cause) {
      // Try to open the database again the next time.
      this.#database = null;
      if (cause instanceof DOMException && cause.name === "QuotaExceededError") {
        throw new PageError("storage-full", t("This browser's storage has no space for the card: delete cards that you don't need, or export this one."), { cause });
      }
      throw new PageError("storage-unavailable", t("This browser does not store cards for this page, for example in a private window. A result is lost when the page is closed: export it to keep it."), { cause });
    }
  }
}

// async, because a browser without IndexedDB throws synchronously.
async function open(): Promise<IDBPDatabase<Schema>> {
  return openDB<Schema>("precis-cards", 1, {
    upgrade: (database) => void database.createObjectStore("cards", { keyPath: "id", autoIncrement: true }),
  });
}

function row(card: Card): Omit<Kept, "id" | "own"> {
  return { name: card.name, created: card.created, score: bestScore(card), invalid: card.invalid.length > 0, json: JSON.stringify(card) };
}
