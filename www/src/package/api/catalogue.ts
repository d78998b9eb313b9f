import catalogue from "../../../../models/models.json" with { type: "json" };
import type { ModelEntry } from "./model.js";

/** The models that Précis knows; the first is the default. */
export const models: readonly ModelEntry[] = catalogue;

/** What `create` loads where no model is named: SmolLM2 135M Instruct, 98 MB, Apache-2.0. */
export const defaultModel: ModelEntry = catalogue[0]!;
