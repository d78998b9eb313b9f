import type { Card } from "../package/wasm/simd/precis.js";
import { engine } from "./engine.js";

/** Reads a card that anybody may have made: the engine bounds it, and computes what follows from its measurements anew. */
export async function readCard(json: string): Promise<Card> {
  return (await engine()).parse_card(json);
}

/** A card as text of this kind. */
export async function exportCard(card: Card, format: "json" | "csv" | "markdown"): Promise<string> {
  return (await engine()).export_card(card, format);
}
