import { canRun, pageAddress } from "./environment.js";
import { languagesOf, unknownLanguage } from "./languages.js";
import { defaultModel } from "./catalogue.js";
import { modelRequest } from "./model.js";
import { checkedCreation, type CoreOptions } from "./options.js";
import { findStored, isBeingStored } from "../models/stored.js";

/** Whether a model can be loaded, and whether it must be downloaded first. */
export type Availability = "unavailable" | "downloadable" | "downloading" | "available";

/**
 * Whether `create` can succeed with these options, and whether it must download first. Fetches nothing. Rejects only with
 * `invalid-options`.
 */
export async function availability(options?: CoreOptions): Promise<Availability> {
  const { model = defaultModel, ...given } = checkedCreation(options);
  const languages = languagesOf(given);
  if (!canRun() || unknownLanguage(languages, model) !== null) return "unavailable";
  const { file, expected, keep, id } = modelRequest(model, pageAddress(), given);
  if (file) return "available";
  if (!keep) return "downloadable";
  if (await findStored(id, expected)) return "available";
  return (await isBeingStored(expected)) ? "downloading" : "downloadable";
}
