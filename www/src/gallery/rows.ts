/** What the gallery says of each configuration of each card, and how that is sorted and filtered. Knows nothing of the page. */
import type { Card, Configuration } from "../package/wasm/simd/precis.js";

/** A way to compute on a device. */
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
  /** All that a filter looks at, in lower case. */
  text: string;
}

/** Names of what can be sorted by. */
export type Key = Exclude<keyof Row, "text" | "unsteady">;

/** One row for each configuration that measured anything. */
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
    write64: configuration.decode.find(({ tokens }) => tokens === 64)?.tokens_per_second.median ?? null,
    date,
    unsteady: card.unsteady.length > 0,
    text: [card.name, configuration.name, adapter, card.environment.user_agent ?? "", date].join(" ").toLowerCase(),
  };
}

/** Rows that have every word of `filter` somewhere. */
export function filtered(rows: readonly Row[], filter: string): Row[] {
  const words = filter.toLowerCase().split(/\s+/);
  return rows.filter(({ text }) => words.every((word) => text.includes(word)));
}

/** Rows in the order of one column; what has no figure comes last either way. */
export function sorted(rows: readonly Row[], key: Key, descending: boolean): Row[] {
  const sign = descending ? -1 : 1;
  return [...rows].sort((one, other) => {
    const [a, b] = [one[key], other[key]];
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    if (typeof a === "number" && typeof b === "number") return sign * (a - b);
    return sign * String(a).localeCompare(String(b), "en", { numeric: true });
  });
}
