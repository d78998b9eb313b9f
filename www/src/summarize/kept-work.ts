import type { Result } from "./summary-view.js";

/** Key in the tab's session storage, which ends with the tab. */
const KEY = "precis-work";

/** Characters of a document that are kept: browsers allow about five million in all, and earlier documents need some of them. */
const MOST = 3_000_000;

/** What is kept of a tab, so that a reload, Back or a crash loses nothing. */
export interface Work {
  text: string;
  /** Values of the fields that say what to write, by their ids. */
  options: Record<string, string>;
  results: Result[];
}

/** The same as it is stored: each document once, and of each result its number. */
export interface Stored {
  text: string;
  options: Record<string, string>;
  documents: string[];
  results: (Omit<Result, "document"> & { document: number })[];
}

/** The form in which work is stored. */
export function packed({ text, options, results }: Work): Stored {
  const documents = [...new Set(results.map(({ document }) => document))];
  const light = results.map((result) => ({ ...result, document: documents.indexOf(result.document) }));
  // The document of a result is the text in most cases: "" stands for it.
  return { text, options, documents: documents.map((document) => (document === text ? "" : document)), results: light };
}

/** The work that was stored; null if it is not in this form. */
export function unpacked(stored: Partial<Stored> | null): Work | null {
  if (typeof stored?.text !== "string") return null;
  const { text, options = {}, documents, results } = stored;
  // Another version of this page may have kept results in another form. The text is what matters.
  const whole = Array.isArray(documents) && Array.isArray(results) && results.every(isResult) ? results : [];
  return { text, options, results: whole.map((result) => ({ ...result, document: documents![result.document] || text })) };
}

function isResult({ report, question }: Stored["results"][number]): boolean {
  return typeof report?.summary === "string" && Array.isArray(report.points) && (question === null || typeof question === "string");
}

/** Keeps `work`. If it is too long, the results are left out, and then the text. False if something was. */
export function keepWork(work: Work): boolean {
  const { text, options } = work;
  const forms = [packed(work), packed({ text, options, results: [] }), packed({ text: "", options, results: [] })];
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
    return unpacked(JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Partial<Stored> | null);
  } catch {
    return null;
  }
}
