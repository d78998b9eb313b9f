import models from "../../../models/models.json";
import type { ModelEntry, StoredModel } from "../package/api/index.js";
import { remember, remembered, RememberedSet } from "./local-storage.js";

/** Where the choice is kept. */
const KEY = "precis-model";

/** An entry of models.json. */
export type CatalogueEntry = ModelEntry & (typeof models)[number];

/** A model to load, and how `Summarizer.create` is to be asked for it. */
export interface Choice {
  model: ModelEntry | Blob | string;
  name: string;
  bytes: number | null;
  /** Undefined: as the package does. */
  keep?: boolean;
  acceptLicence?: boolean;
}

/** All that can be chosen without bringing a file along; the first is the default. */
export const CATALOGUE: readonly CatalogueEntry[] = models;

/** Addresses of the licences that the person has accepted. */
const licences = new RememberedSet("precis-licences");

/** What was chosen on this page; a file from disk can't be remembered. */
let chosen: Choice | null = null;

/** What the person chose, here or on another visit; `?model=FILE`, any GGUF file in this site's models/ folder; or the default. */
export function chosenModel(): Choice {
  if (chosen) return chosen;
  const file = new URLSearchParams(location.search).get("model");
  if (file && /^[\w.-]+\.gguf$/.test(file)) return { model: `models/${file}`, name: file, bytes: null };
  const entry = kept();
  const listed = CATALOGUE.find(({ id }) => id === entry?.id);
  if (listed) return fromCatalogue(listed);
  if (entry) return { model: entry, name: entry.name ?? entry.id, bytes: entry.bytes ?? null };
  if (!CATALOGUE[0]) throw new Error("models.json is empty");
  return fromCatalogue(CATALOGUE[0]);
}

/** Takes `choice` from now on. */
export function choose(choice: Choice): void {
  chosen = choice;
  const { model } = choice;
  remember(KEY, typeof model === "string" || model instanceof Blob ? null : model);
}

/** What was chosen is kept under this hash: another visit finds it there. */
export function rememberKept(sha256: string, bytes: number): void {
  if (chosen?.keep && (typeof chosen.model === "string" || chosen.model instanceof Blob)) {
    remember(KEY, { id: chosen.name, name: chosen.name, bytes, sha256 });
  }
}

export function fromCatalogue(entry: CatalogueEntry): Choice {
  return { model: entry, name: `${entry.name} ${entry.quant}`, bytes: entry.bytes, acceptLicence: isAccepted(entry) };
}

/** A model that was brought along and kept. */
export function fromStored({ sha256, bytes, label }: StoredModel): Choice {
  const name = label?.name ?? label?.id ?? `model ${sha256.slice(0, 8)}`;
  const prompt = label?.prompt ? { prompt: label.prompt } : {};
  return { model: { id: label?.id ?? sha256, name, bytes, sha256, ...prompt }, name, bytes };
}

/** Whether nothing has to be accepted any more before this model is fetched. */
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
