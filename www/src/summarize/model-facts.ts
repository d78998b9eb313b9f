/** What a person needs to know of a model to choose it: what its summaries hold, its memory, and its time on this device. */
import type { CatalogueEntry } from "../ui/chosen-model.js";
import { inWords, megabytes } from "../ui/format.js";
import { language, numbers, t } from "../ui/words/words.js";
import { msOfModel } from "./estimate.js";

/** Tokens of ten pages with 500 words each. */
const TEN_PAGES = 6500;
/** A model that takes longer for ten pages is not recommended. */
const PATIENCE_MS = 60_000;
/** The share of a device's memory that one tab may take. */
const SHARE = 1 / 3;
/** By how much more of the facts a larger model must hold to be recommended: less may be chance. */
const LEAD = 0.05;

const PERCENT = numbers({ style: "percent", maximumFractionDigits: 0 });

/** Milliseconds for ten pages with this model on this device, by what any model of the catalogue took here; null if none has run. */
function msForTenPages({ sha256, measured }: CatalogueEntry, catalogue: readonly CatalogueEntry[]): number | null {
  const own = msOfModel(sha256, TEN_PAGES);
  if (own !== null || !measured) return own;
  for (const other of catalogue) {
    const ms = msOfModel(other.sha256, TEN_PAGES);
    if (ms !== null && other.measured) return (ms * measured.time) / other.measured.time;
  }
  return null;
}

/** This device's memory in GiB; null in browsers that don't tell. Others round it, and stop counting at some size. */
function deviceMemory(): number | null {
  return (navigator as { deviceMemory?: number }).deviceMemory ?? null;
}

/** Whether a model fits into this device's memory; null if that is not known. */
function fits({ measured }: CatalogueEntry): boolean | null {
  const memory = deviceMemory();
  return measured && memory !== null ? measured.memory <= SHARE * memory * 2 ** 30 : null;
}

/** Sentences about a model; none if nobody measured it. */
export function sentencesAbout(entry: CatalogueEntry, catalogue: readonly CatalogueEntry[]): string[] {
  const { measured } = entry;
  if (!measured) return [];
  const ms = msForTenPages(entry, catalogue);
  const memory = megabytes(measured.memory);
  return [
    measured.writes ? t("Writes in its own words.") : t("Quotes the document."),
    t("Summaries of three sentences mention {share} of a document's main facts.", { share: PERCENT(measured.facts) }),
    ms === null ? "" : t("Takes about {time} for ten pages here.", { time: inWords(ms) }),
    fits(entry) === false
      ? t("May not fit: it needs {memory} of memory, and this device has about {size} GB.", { memory, size: String(deviceMemory()) })
      : t("Needs {memory} of memory.", { memory }),
  ].filter(Boolean);
}

/** When the facts were counted; empty if they never were. */
export function whenMeasured(catalogue: readonly CatalogueEntry[]): string {
  const last = catalogue.flatMap(({ measured }) => measured?.date ?? []).sort().at(-1);
  if (last === undefined) return "";
  const date = new Intl.DateTimeFormat(language(), { dateStyle: "long" }).format(new Date(`${last}T00:00:00`));
  return t("The main facts were counted in summaries of twelve everyday documents, such as mails, news and contracts, on {date}.", { date });
}

/**
 * The default, or a model whose summaries hold clearly more, if it is known to fit and to be fast enough here. Undefined if not even the
 * default fits.
 */
export function recommended(catalogue: readonly CatalogueEntry[]): CatalogueEntry | undefined {
  const [standard] = catalogue;
  const better = catalogue.filter((entry) => {
    const leads = (entry.measured?.facts ?? 0) >= (standard?.measured?.facts ?? 0) + LEAD;
    return leads && !entry.accept && fits(entry) && (msForTenPages(entry, catalogue) ?? Infinity) <= PATIENCE_MS;
  });
  const [best] = better.sort((one, other) => other.measured!.facts - one.measured!.facts);
  return best ?? (standard && fits(standard) !== false ? standard : undefined);
}
