import type { Report } from "../package/api/index.js";
import type { Card } from "../package/wasm/simd/precis.js";

declare global {
  interface Window {
    /** For scripts and tests. */
    precis: {
      /** The Report of the last run, null before it and while one is under way. */
      report: Report | null;
      /** The comparison page's: the card of the last measuring, null before it and while one is under way. */
      card?: Card | null;
    };
  }
}
