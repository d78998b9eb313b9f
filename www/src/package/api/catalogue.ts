import catalogue from "../../../../models/models.json" with { type: "json" };
import type { ModelEntry } from "./model.js";

/** The catalogue of models. The first is the default. */
export const models: readonly ModelEntry[] = catalogue;

/** The default model of `create`: SmolLM2 135M Instruct, 98 MB, Apache-2.0. */
export const defaultModel: ModelEntry = catalogue[0]!;
