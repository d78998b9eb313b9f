import type { Card, Configuration, Reading } from "../package/wasm/simd/precis.js";
import { sameWork } from "./comparison.js";
import { deviceOf } from "./device.js";
import { shownConfigurations } from "./figures.js";

/** Speeds of a native program and a browser, with the same prompts, model and number of threads. */
export interface BrowserOverhead {
  /** Whose card was measured natively. */
  native: string;
  browser: string;
  threads: number;
  rows: { tokens: number; native: number; browser: number }[];
}

/**
 * Compares each WebAssembly configuration of `card` with a native configuration with as many threads. Takes it from the card
 * itself, else from the first of `others` that has one. Cards with the same name come first, because a name identifies a device.
 */
export function browserOverhead(card: Card, others: readonly Card[]): BrowserOverhead[] {
  const own = ofBrowser(card, others);
  if (own.length > 0 || !card.configurations.some(({ backend }) => backend.kind === "native")) return own;
  // The open card is a native one: compare it with the newest card of a browser.
  return others.map((other) => ofBrowser(other, [card])).find((found) => found.length > 0) ?? [];
}

function ofBrowser(card: Card, others: readonly Card[]): BrowserOverhead[] {
  const candidates = [card, ...others.filter((other) => other.name === card.name), ...others].filter((other) => sameWork(card, other));
  return shownConfigurations(card).flatMap((configuration) => {
    if (!configuration.backend.kind.startsWith("wasm-")) return [];
    for (const other of candidates) {
      const native = other.configurations.find(({ backend }) => backend.kind === "native" && backend.threads === configuration.backend.threads);
      const rows = native ? lengths(native, configuration) : [];
      if (rows.length > 0) return [{ native: deviceOf(other), browser: configuration.name, threads: configuration.backend.threads, rows }];
    }
    return [];
  });
}

function lengths(native: Configuration, browser: Configuration): BrowserOverhead["rows"] {
  const speed = (readings: Reading[], length: number) => readings.find(({ tokens }) => tokens === length)?.tokens_per_second.median ?? null;
  return browser.prefill.flatMap(({ tokens }) => {
    const [there, here] = [speed(native.prefill, tokens), speed(browser.prefill, tokens)];
    return there === null || here === null || here <= 0 ? [] : [{ tokens, native: there, browser: here }];
  });
}
