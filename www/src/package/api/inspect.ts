import { assetUrls } from "../assets.js";
import { Client } from "./client.js";
import { pageAddress, requireBrowser } from "./environment.js";
import { cancelled } from "./errors.js";
import { type ModelEntry, modelRequest } from "./model.js";
import type { InspectedModel } from "./protocol.js";

/** What `inspectModel` may be given. */
export interface InspectOptions {
  signal?: AbortSignal | undefined;
  /** As in `create`. */
  assetsUrl?: string | URL | undefined;
}

/**
 * What a model's file says of itself, read from its beginning: of an address no more is fetched than that. Rejects with the
 * code of what keeps the engine from using it: `model-unsupported-architecture`, `model-unsupported-quant`, `model-tokenizer`…
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
