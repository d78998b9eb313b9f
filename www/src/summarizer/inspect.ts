import { Client } from "./client.js";
import { cancelled } from "./errors.js";
import { type ModelEntry, modelRequest } from "./model.js";
import type { InspectedModel } from "./protocol.js";
import { pageAddress } from "./summarizer.js";

/**
 * What a model's file says of itself, read from its beginning: of an address no more is fetched than that. Rejects with the
 * code of what keeps the engine from using it: `model-unsupported-architecture`, `model-unsupported-quant`, `model-tokenizer`…
 */
export async function inspectModel(model: ModelEntry | Blob | string, { signal }: { signal?: AbortSignal } = {}): Promise<InspectedModel> {
  const client = new Client();
  try {
    return await client.call("inspect", { model: modelRequest(model, pageAddress()) }, { signal });
  } finally {
    client.close(cancelled());
  }
}
