import type { Card } from "../package/wasm/simd/precis.js";
import { engine } from "./engine.js";

/** Reads a card from an untrusted source. The engine checks it, and recomputes medians, marks and score from its measurements. */
export async function readCard(json: string): Promise<Card> {
  return (await engine()).parse_card(json);
}

/** Writes a card in this format. */
export async function exportCard(card: Card, format: "json" | "csv" | "markdown"): Promise<string> {
  return (await engine()).export_card(card, format);
}

/** Whether two cards hold the same measurements. A card may have been renamed since. */
export function isSame(one: Card, other: Card): boolean {
  return one.created === other.created && JSON.stringify({ ...one, name: "" }) === JSON.stringify({ ...other, name: "" });
}
