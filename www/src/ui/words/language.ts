import { byId } from "../dom.js";
import { fetchFile } from "../fetch-file.js";
import { remember, remembered } from "../local-storage.js";
import { translatePage } from "./html.js";
import { type Translations, language, useLanguage } from "./words.js";

/** Key of the choice in local storage. */
const KEY = "precis-language";

/** The page waits so long for translations, and is then English until it is loaded again. */
const PATIENCE_MS = 4000;

/** The addresses of the files of translations, by their language. Only one that is used is fetched. */
const ADDRESSES = new Map(
  Object.entries(import.meta.glob<string>("./*.json", { query: "?url", import: "default", eager: true })).map(([file, address]) => [file.slice("./".length, -".json".length), address]),
);

/** Makes the page speak the person's language. To be awaited before anything else is written into the page. */
export async function startLanguage(): Promise<void> {
  const tag = wanted();
  const address = ADDRESSES.get(tag);
  if (address === undefined) return;
  try {
    const response = await fetchFile(address, "the translations", { signal: AbortSignal.timeout(PATIENCE_MS) });
    useLanguage(tag, (await response.json()) as Translations);
  } catch {
    // The English page works as well.
    return;
  }
  document.documentElement.lang = tag;
  translatePage();
  // On a first visit the service worker comes later. It keeps what it sees being fetched, for visits without a connection.
  const workers = navigator.serviceWorker;
  if (workers && !workers.controller) workers.addEventListener("controllerchange", () => void fetch(address).catch(() => undefined), { once: true });
}

/** The field "Language". `mayLeave` says whether the page may be loaded again, which another language needs. */
export function wireLanguage(mayLeave: () => boolean): HTMLSelectElement {
  const select = byId("language", HTMLSelectElement);
  for (const tag of ADDRESSES.keys()) {
    const option = new Option(nameOf(tag), tag);
    option.lang = tag;
    select.add(option);
  }
  select.value = language();
  select.addEventListener("change", () => {
    const chosen = select.value;
    select.value = language();
    if (!mayLeave()) return;
    remember(KEY, chosen);
    location.reload();
  });
  return select;
}

/** The language that the person chose, else the first of the browser's that there is. */
function wanted(): string {
  const chosen = remembered(KEY);
  const tags = typeof chosen === "string" ? [chosen, ...navigator.languages] : navigator.languages;
  return tags.map(nearest).find((tag) => tag !== null) ?? "en";
}

/** The language with translations for a tag, or for what is left of it without its last parts: "de" for "de-AT". */
function nearest(tag: string): string | null {
  for (let rest = tag; rest !== ""; rest = rest.slice(0, Math.max(0, rest.lastIndexOf("-")))) {
    if (rest === "en" || ADDRESSES.has(rest)) return rest;
  }
  return null;
}

/** A language's name in itself. */
function nameOf(tag: string): string {
  return new Intl.DisplayNames([tag], { type: "language" }).of(tag) ?? tag;
}
