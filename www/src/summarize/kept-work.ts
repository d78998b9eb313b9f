import type { Result } from "./summary-view.js";

/** Key in the tab's session storage, which ends with the tab. */
const KEY = "precis-work";

/** Characters of a document that are kept: browsers allow about five million in all. */
const MOST = 4_000_000;

/** What is kept of a tab, so that a reload, Back or a crash loses nothing. */
export interface Work {
  text: string;
  /** Values of the fields that say what to write, by their ids. */
  options: Record<string, string>;
  results: Result[];
}

/** Keeps `work`. A document that is too long is left out, with its results. */
export function keepWork(work: Work): void {
  const { text, results } = work;
  // The document of a result is the text in most cases: kept once.
  const light = results.map((result) => ({ ...result, document: result.document === text ? null : result.document }));
  const tooLong = text.length + light.reduce((sum, { document }) => sum + (document?.length ?? 0), 0) > MOST;
  try {
    sessionStorage.setItem(KEY, JSON.stringify(tooLong ? { ...work, text: "", results: [] } : { ...work, results: light }));
  } catch {
    // Without storage, or without room, a reload loses the work as in any page.
  }
}

/** The work of this tab before it was reloaded; null if there is none. */
export function keptWork(): Work | null {
  try {
    const work = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as (Omit<Work, "results"> & { results: (Omit<Result, "document"> & { document: string | null })[] }) | null;
    return work && { ...work, results: work.results.map((result) => ({ ...result, document: result.document ?? work.text })) };
  } catch {
    // Refused, or written by another version.
    return null;
  }
}

/** Deletes all that this site keeps in this browser: work, choices, cards, notes and models. */
export async function eraseEverything(): Promise<void> {
  const each = async <T>(list: Promise<readonly T[]> | undefined, remove: (one: T) => Promise<unknown>) => {
    for (const one of (await list?.catch(() => [])) ?? []) await remove(one).catch(() => undefined);
  };
  for (const storage of [() => localStorage, () => sessionStorage]) {
    try {
      storage().clear();
    } catch {
      // A browser that refuses storage has none to clear.
    }
  }
  await each(indexedDB.databases?.(), async ({ name }) => name !== undefined && indexedDB.deleteDatabase(name));
  const folder = await navigator.storage?.getDirectory?.().catch(() => null);
  if (folder) for await (const name of folder.keys()) await folder.removeEntry(name, { recursive: true }).catch(() => undefined);
  await each(globalThis.caches?.keys(), (name) => caches.delete(name));
  await each(navigator.serviceWorker?.getRegistrations(), (registration) => registration.unregister());
}
