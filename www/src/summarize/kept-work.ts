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

/** The same as it is stored: each document once, and of each result its number. */
interface Stored {
  text: string;
  options: Record<string, string>;
  documents: string[];
  results: (Omit<Result, "document"> & { document: number })[];
}

/** Keeps `work`. If it is too long, the results are left out, and then the text. False if something was. */
export function keepWork({ text, options, results }: Work): boolean {
  const documents = [...new Set(results.map(({ document }) => document))];
  const light = results.map((result) => ({ ...result, document: documents.indexOf(result.document) }));
  const forms: Stored[] = [
    // The document of a result is the text in most cases: "" stands for it.
    { text, options, documents: documents.map((document) => (document === text ? "" : document)), results: light },
    { text, options, documents: [], results: [] },
    { text: "", options, documents: [], results: [] },
  ];
  const length = (form: Stored) => form.text.length + form.documents.reduce((sum, document) => sum + document.length, 0);
  for (const form of forms.filter((form) => length(form) <= MOST)) {
    try {
      sessionStorage.setItem(KEY, JSON.stringify(form));
      return form === forms[0];
    } catch {
      // Refused, or without room: try less. An older text must not come back.
      forgetWork();
    }
  }
  return false;
}

function forgetWork(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // A browser that refuses storage keeps nothing.
  }
}

/** The work of this tab before it was reloaded; null if there is none. */
export function keptWork(): Work | null {
  try {
    const stored = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Partial<Stored> | null;
    if (typeof stored?.text !== "string") return null;
    const { text, options = {}, documents, results } = stored;
    // Another version of this page may have kept results in another form. The text is what matters.
    const whole = Array.isArray(documents) && Array.isArray(results) ? results : [];
    return { text, options, results: whole.map((result) => ({ ...result, document: documents![result.document] || text })) };
  } catch {
    return null;
  }
}
