import type { Report } from "../package/api/index.js";
import type { Card } from "../package/wasm/simd/precis.js";

declare global {
  interface Window {
    /** Results of the page, for scripts and tests. */
    precis: {
      /** The report of the last run; null before and during a run. */
      report: Report | null;
      /** On compare.html: the card of the last measurement; null before and during one. */
      card?: Card | null;
    };
  }
}
