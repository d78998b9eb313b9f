/** Where a card stands among those of the gallery. Independent of the page. */
import type { Card } from "../package/wasm/simd/precis.js";
import { whole } from "../ui/format.js";
import { t, tn } from "../ui/words/words.js";
import { sameWork } from "./comparison.js";
import { best, readingOf } from "./figures.js";

/**
 * "Faster at reading than 3 of 7 devices"; null if no card of the gallery compares: one of the same model, document and suite, from
 * a browser if this one is, and valid. A device with several such cards counts once, with its fastest.
 */
export function standing(card: Card, gallery: readonly Card[]): string | null {
  const speed = speedOf(card);
  if (speed === null) return null;
  const devices = new Map<string, number>();
  for (const other of gallery) {
    const theirs = speedOf(other);
    // The card itself may be in the gallery.
    if (theirs === null || !alike(card, other) || other.created === card.created) continue;
    devices.set(other.name, Math.max(theirs, devices.get(other.name) ?? 0));
  }
  if (devices.size === 0) return null;
  const slower = [...devices.values()].filter((theirs) => theirs < speed).length;
  return tn(devices.size, "Faster at reading than {slower} of {count} device", "Faster at reading than {slower} of {count} devices", { slower: whole(slower) });
}

/** What cards are compared by besides their speed, in words. */
export function terms(card: Card): string {
  return isNative(card) ? t("native programs with the same model and suite") : t("browsers with the same model and suite");
}

function alike(one: Card, other: Card): boolean {
  return sameWork(one, other) && one.schema === other.schema && one.method.suite === other.method.suite && isNative(one) === isNative(other);
}

function speedOf(card: Card): number | null {
  const reading = card.invalid.length > 0 ? null : readingOf(card);
  return reading?.tokens === 2048 ? reading.tokens_per_second.median : null;
}

function isNative(card: Card): boolean {
  return best(card)?.backend.kind === "native";
}
