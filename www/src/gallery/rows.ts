/** Rows of the gallery, one per configuration of a card, with sorting and filtering. Independent of the page. */
import type { Card, Configuration } from "../package/wasm/simd/precis.js";
import { language } from "../ui/words/words.js";

/** A configuration on a device. */
export interface Row {
  device: string;
  backend: string;
  score: number | null;
  read512: number | null;
  read2048: number | null;
  read8192: number | null;
  write64: number | null;
  date: string;
  /** Whether the card is marked as unsteady. */
  unsteady: boolean;
  /** The text that a filter searches, in lower case. */
  text: string;
}

/** Columns that can be sorted. */
export type Key = Exclude<keyof Row, "text" | "unsteady">;

/** One row for each configuration with measurements. */
export function rowsOf(cards: readonly Card[]): Row[] {
  return cards.flatMap((card) => card.configurations.filter(({ prefill }) => prefill.length > 0).map((configuration) => rowOf(card, configuration)));
}

function rowOf(card: Card, configuration: Configuration): Row {
  const read = (tokens: number) => configuration.prefill.find((reading) => reading.tokens === tokens)?.tokens_per_second.median ?? null;
  const date = card.created.slice(0, 10);
  const adapter = configuration.backend.adapter ?? "";
  return {
    device: card.name,
    backend: configuration.name,
    score: configuration.score,
    read512: read(512),
    read2048: read(2048),
    read8192: read(8192),
    write64: configuration.decode.find(({ tokens, after }) => tokens === 64 && after <= 512)?.tokens_per_second.median ?? null,
    date,
    unsteady: card.unsteady.length > 0,
    text: [card.name, configuration.name, adapter, card.environment.user_agent ?? "", date].join(" ").toLowerCase(),
  };
}

/** Rows that contain every word of `filter`. */
export function filtered(rows: readonly Row[], filter: string): Row[] {
  const words = filter.toLowerCase().split(/\s+/);
  return rows.filter(({ text }) => words.every((word) => text.includes(word)));
}

/** Rows in the order of one column. Rows without a figure come last in both directions. */
export function sorted(rows: readonly Row[], key: Key, descending: boolean): Row[] {
  const sign = descending ? -1 : 1;
  return [...rows].sort((one, other) => {
    const [a, b] = [one[key], other[key]];
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    if (typeof a === "number" && typeof b === "number") return sign * (a - b);
    return sign * String(a).localeCompare(String(b), language(), { numeric: true });
  });
}
