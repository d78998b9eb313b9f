import { t } from "../ui/words/words.js";

/** What each figure means, in a sentence, and whether more is better. By its kind. */
const meanings = (): Readonly<Record<string, string>> => ({
  score: t("How many texts of 2,048 tokens the device reads in a minute, with an answer of 64 tokens to each. More is better."),
  reading: t("Tokens of a text that are read in a second (prefill). A token is about three quarters of a word. More is better."),
  "first-token": t("Wait from the start until an answer begins. Less is better."),
  efficiency: t("How much of the device's top computing speed reading makes use of. More is better."),
  writing: t("Tokens of an answer that are written in a second (decode). More is better."),
  tokenizing: t("Tokens that a text is split into in a second, before it is read. More is better."),
  loading: t("Time to fetch the model, or to take it from this device's storage. Less is better."),
  preparing: t("Time to arrange the model for the processor or GPU. Less is better."),
  pipelines: t("Time to make the programs that run on the GPU. Less is better."),
  peak: t("The best speed of the simplest computation of its kind: billions of multiply-adds (GMAC) or of bytes (GB) in a second. More is better."),
  "wasm-memory": t("Memory that the engine takes in the tab. Less is better."),
  "gpu-memory": t("Memory that the model takes on the GPU. Less is better."),
  "kv-memory": t("Memory for what has been read of a text (KV cache). Less is better."),
  certificate: t("Whether the model computes what it should. Only a card that passes counts."),
  origin: t("The network, if it was fetched for this measurement. Storage or disk, if it was there."),
  undisturbed: t("Share of the device's speed that nothing else took during the measurement. More is better."),
  clock: t("The shortest time that the clock can tell. Less is better."),
  reason: t("Why the processor or the GPU was chosen."),
  features: t("What the engine makes use of in this processor or GPU."),
  module: t("The fingerprint of the engine's file: with another engine, figures may differ."),
});

/** The meaning of each kind in turn, but only where it is not that of the one before. Empty if it has none. */
export function meaningsOf(kinds: readonly string[]): string[] {
  const known = meanings();
  return kinds.map((kind, i) => (kind === kinds[i - 1] ? "" : (known[kind] ?? "")));
}
