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
