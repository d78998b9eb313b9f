import { canRun, pageAddress } from "./environment.js";
import { languagesOf, unknownLanguage } from "./languages.js";
import { defaultModel } from "./catalogue.js";
import { modelRequest } from "./model.js";
import { checkedCreation, type CoreOptions } from "./options.js";
import { findStored, isBeingStored } from "../models/stored.js";

/** What stands between a page and its first summary. */
export type Availability = "unavailable" | "downloadable" | "downloading" | "available";

/**
 * Whether `create` with these options can succeed, and whether it has to download first. Nothing is fetched. Rejects only with
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
