import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import { PrecisError } from "../package/api/errors.js";
import type { Card } from "../package/wasm/simd/precis.js";
import { bestScore } from "./figures.js";

/** A card as it is kept. */
export interface Kept {
  id: number;
  /** Whether it was measured here; false of one that was imported. */
  own: boolean;
  name: string;
  created: string;
  score: number | null;
  /** The card. Read anew by the engine whenever it is opened: an older version of this page may have written it. */
  json: string;
}

interface Schema extends DBSchema {
  cards: { key: number; value: Omit<Kept, "id"> & { id?: number } };
}

/** The cards that this browser keeps for this site. */
export class CardStore {
  #database: Promise<IDBPDatabase<Schema>> | null = null;

  /** All cards, the newest first. */
  async all(): Promise<Kept[]> {
    const kept = (await this.#try((database) => database.getAll("cards"))) as Kept[];
    return kept.reverse();
  }

  /** Keeps `card`. */
  async add(card: Card, own: boolean): Promise<void> {
    await this.#try((database) => database.add("cards", { ...row(card), own }));
  }

  /** Puts `card` in the place of what is kept under `id`. */
  async replace({ id, own }: Kept, card: Card): Promise<void> {
    await this.#try((database) => database.put("cards", { ...row(card), own, id }));
  }

  async remove({ id }: Kept): Promise<void> {
    await this.#try((database) => database.delete("cards", id));
  }

  async #try<T>(work: (database: IDBPDatabase<Schema>) => Promise<T>): Promise<T> {
    try {
      this.#database ??= open();
      return await work(await this.#database);
    } catch (cause) {
      // A database that could not be opened may be there the next time.
      this.#database = null;
      if (cause instanceof DOMException && cause.name === "QuotaExceededError") {
        throw new PrecisError("storage-full", "There is no room for the card in this browser's storage: delete cards that you don't need, or export this one.", { cause });
      }
      throw new PrecisError("storage-unavailable", "This browser keeps no cards for this page, as in a private window. A result stays until the page is closed: export what you want to keep.", { cause });
    }
  }
}

// async, because a browser without any IndexedDB throws at once.
async function open(): Promise<IDBPDatabase<Schema>> {
  return openDB<Schema>("precis-cards", 1, {
    upgrade: (database) => void database.createObjectStore("cards", { keyPath: "id", autoIncrement: true }),
  });
}

function row(card: Card): Omit<Kept, "id" | "own"> {
  return { name: card.name, created: card.created, score: bestScore(card), json: JSON.stringify(card) };
}
