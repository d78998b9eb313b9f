import type { Report } from "../summarizer/index.js";

declare global {
  interface Window {
    /** For scripts and tests: the Report of the last run, null before it and while one is under way. */
    precis: { report: Report | null };
  }
}
