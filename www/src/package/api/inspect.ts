import { assetUrls } from "../assets.js";
import { Client } from "./client.js";
import { pageAddress, requireBrowser } from "./environment.js";
import { cancelled } from "./errors.js";
import { type ModelEntry, modelRequest } from "./model.js";
import type { InspectedModel } from "./protocol.js";

/** Options of `inspectModel`. */
export interface InspectOptions {
  signal?: AbortSignal | undefined;
  /** See `create`. */
  assetsUrl?: string | URL | undefined;
}

/**
 * Reads the header of a model file. From an address it fetches only the beginning of the file. If the engine can't use the model,
 * rejects with the reason's code: `model-unsupported-architecture`, `model-unsupported-quant`, `model-tokenizer`…
 */
export async function inspectModel(model: ModelEntry | Blob | string, { signal, assetsUrl }: InspectOptions = {}): Promise<InspectedModel> {
  requireBrowser();
  const assets = assetUrls(assetsUrl);
  const request = modelRequest(model, pageAddress());
  const client = await Client.open(assets);
  try {
    return await client.call("inspect", { assets, model: request }, { signal });
  } finally {
    client.close(cancelled());
  }
}
