import models from "../../../models/models.json";
import type { ModelEntry } from "../summarizer/index.js";

const [catalogue] = models;

/** The catalogue's first model, or `?model=FILE`: any GGUF file that lies in this site's models/ folder. */
export function chosenModel(): { model: ModelEntry | string; name: string; bytes: number | null } {
  const file = new URLSearchParams(location.search).get("model");
  if (file && /^[\w.-]+\.gguf$/.test(file)) return { model: `models/${file}`, name: file, bytes: null };
  if (!catalogue) throw new Error("models.json is empty");
  return { model: catalogue, name: `${catalogue.name} ${catalogue.quant}`, bytes: catalogue.bytes };
}
