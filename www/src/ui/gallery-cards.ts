import type { Card } from "../package/wasm/simd/precis.js";

/** All cards in the folder gallery/ at build time. Tests validate them. */
export const GALLERY: readonly Card[] = Object.values(import.meta.glob<Card>("../../../gallery/*.json", { eager: true, import: "default" }));
