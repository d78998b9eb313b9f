import type { Skipped } from "../formats/document.js";
import type { OpenProgress } from "../formats/index.js";
import { t, tn } from "../ui/words/words.js";

/** Pages that are named; of more only the number is told. */
const NAMED = 10;

/** How far an opening file is, in words. */
export function progressInWords({ unit, number, total }: OpenProgress): string {
  const values = { number: String(number), total: String(total) };
  return unit === "page" ? t("page {number} of {total}", values) : t("part {number} of {total}", values);
}

/** Which pages were left out, as a sentence. */
export function skippedInWords({ pages, total }: Skipped): string {
  const values = { pages: listed(pages), total: String(total) };
  return tn(
    pages.length,
    "Page {pages} of {total} has no text. It is blank, or a picture such as a scan.",
    "Pages {pages} of {total} have no text. They are blank, or pictures such as scans.",
    values,
  );
}

function listed(pages: readonly number[]): string {
  const more = pages.length - NAMED;
  if (more > 0) return tn(more, "{pages} and {count} more", "{pages} and {count} more", { pages: pages.slice(0, NAMED).join(", ") });
  const last = pages.slice(-1).join();
  return pages.length === 1 ? last : t("{pages} and {last}", { pages: pages.slice(0, -1).join(", "), last });
}
