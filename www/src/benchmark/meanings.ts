/** What each figure means, in a sentence, and whether more is better. By the part of its label before the comma. */
const MEANINGS: Readonly<Record<string, string>> = {
  Score: "How many texts of 2,048 tokens the device reads in a minute, with an answer of 64 tokens to each. More is better.",
  "Reading speed": "Tokens of a text that are read in a second (prefill). A token is about three quarters of a word. More is better.",
  "Time to first token": "Wait from the start until an answer begins. Less is better.",
  "Share of the peak": "How much of the device's top computing speed reading makes use of. More is better.",
  "Writing speed": "Tokens of an answer that are written in a second (decode). More is better.",
  Tokenizing: "Tokens that a text is split into in a second, before it is read. More is better.",
  "Loading the model": "Time to fetch the model, or to take it from this device's storage. Less is better.",
  "Preparing the model": "Time to arrange the model for the processor or GPU. Less is better.",
  "Compiling GPU pipelines": "Time to make the programs that run on the GPU. Less is better.",
  Peak: "The best speed of the simplest computation of its kind: billions of multiply-adds (GMAC) or of bytes (GB) in a second. More is better.",
  "WebAssembly memory": "Memory that the engine takes in the tab. Less is better.",
  "GPU memory": "Memory that the model takes on the GPU. Less is better.",
  "Keys and values": "Memory for what has been read of a text (KV cache). Less is better.",
  Certificate: "Whether the model computes what it should. Only a card that passes counts.",
  "Model came from": "The network, if it was fetched for this measurement. Storage or disk, if it was there.",
  Undisturbed: "Share of the device's speed that nothing else took during the measurement. More is better.",
  "Clock step": "The shortest time that the clock can tell. Less is better.",
  "Why this backend": "Why the processor or the GPU was chosen.",
  Features: "What the engine makes use of in this processor or GPU.",
  Module: "The fingerprint of the engine's file: with another engine, figures may differ.",
};

/** The meaning of the figure with this label; empty if it has none. */
export function meaningOf(label: string): string {
  return MEANINGS[label.split(",", 1)[0]!] ?? "";
}

/** The meaning of each label in turn, but only where it is not that of the one before. */
export function meaningsOf(labels: readonly string[]): string[] {
  const all = labels.map(meaningOf);
  return all.map((meaning, i) => (meaning === all[i - 1] ? "" : meaning));
}
