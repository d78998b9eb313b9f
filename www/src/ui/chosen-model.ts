import models from "../../../models/models.json";
import type { ModelEntry, StoredModel } from "../package/api/index.js";
import { remember, remembered, RememberedSet } from "./local-storage.js";
import { t } from "./words/words.js";

/** Key of the choice in local storage. */
const KEY = "precis-model";

/** An entry of models.json. */
export type CatalogueEntry = ModelEntry & (typeof models)[number];

/** A model to load, with its options for `Summarizer.create`. */
export interface Choice {
  model: ModelEntry | Blob | string;
  name: string;
  bytes: number | null;
  /** Undefined: the package's default. */
  keep?: boolean;
  acceptLicence?: boolean;
}

/** The catalogue. The first model is the default. */
export const CATALOGUE: readonly CatalogueEntry[] = models;

/** URLs of the licences that the person has accepted. */
const licences = new RememberedSet("precis-licences");

/** The choice made in this tab. Files from disk can't be remembered for another visit. */
let chosen: Choice | null = null;

/** The chosen model: from this tab, else `?model=FILE` (a GGUF file in this site's models/ folder; a catalogued file keeps its hash and licence), else from an earlier visit, else the default. */
export function chosenModel(): Choice {
  if (chosen) return chosen;
  const file = new URLSearchParams(location.search).get("model");
  const named = CATALOGUE.find((entry) => entry.file === file);
  if (named) return fromCatalogue(named);
  if (file && /^[\w.-]+\.gguf$/.test(file)) return { model: `models/${file}`, name: file, bytes: null };
  const entry = kept();
  const listed = CATALOGUE.find(({ id }) => id === entry?.id);
  if (listed) return fromCatalogue(listed);
  if (entry) return { model: entry, name: entry.name ?? entry.id, bytes: entry.bytes ?? null };
  if (!CATALOGUE[0]) throw new Error("models.json is empty");
  return fromCatalogue(CATALOGUE[0]);
}

/** The hash of the chosen model's file; null if it is not known before it is loaded. */
export function chosenHash(): string | null {
  const { model } = chosenModel();
  return typeof model === "object" && "sha256" in model ? (model.sha256 ?? null) : null;
}

/** Makes `choice` the chosen model of this page until it is left. */
export function chooseHere(choice: Choice): void {
  chosen = choice;
}

/** Makes `choice` the chosen model. */
export function choose(choice: Choice): void {
  chooseHere(choice);
  const { model } = choice;
  remember(KEY, typeof model === "string" || model instanceof Blob ? null : model);
}

/** Whether this model is still the chosen one after a reload. */
export function outlivesReload(): boolean {
  return chosen === null || chosen.keep === true || (typeof chosen.model !== "string" && !(chosen.model instanceof Blob));
}

/** Remembers the hash under which the chosen model is stored, for another visit. */
export function rememberKept(sha256: string, bytes: number): void {
  if (chosen?.keep && (typeof chosen.model === "string" || chosen.model instanceof Blob)) {
    remember(KEY, { id: chosen.name, name: chosen.name, bytes, sha256 });
  }
}

export function fromCatalogue(entry: CatalogueEntry): Choice {
  return { model: entry, name: `${entry.name} ${entry.quant}`, bytes: entry.bytes, acceptLicence: isAccepted(entry) };
}

/** A stored model that is not in the catalogue. */
export function fromStored({ sha256, bytes, label }: StoredModel): Choice {
  const name = label?.name ?? label?.id ?? t("model {hash}", { hash: sha256.slice(0, 8) });
  const prompt = label?.prompt ? { prompt: label.prompt } : {};
  return { model: { id: label?.id ?? sha256, name, bytes, sha256, ...prompt }, name, bytes };
}

/** Whether this model can be fetched without accepting a licence first. */
export function isAccepted({ accept, terms }: ModelEntry): boolean {
  return !accept || (terms !== undefined && licences.has(terms));
}

export function acceptLicence({ terms }: ModelEntry): void {
  if (terms !== undefined) licences.add(terms);
}

function kept(): ModelEntry | null {
  const entry = remembered(KEY) as Partial<ModelEntry> | null;
  return typeof entry?.id === "string" ? (entry as ModelEntry) : null;
}
