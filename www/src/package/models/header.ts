import { cancelled, PrecisError } from "../api/errors.js";
import type { ModelRequest } from "../api/model.js";
import { firstAnswer } from "./source.js";

/** Number of bytes at which the header is checked for the first time. */
export const FIRST_TRY = 256 << 10;

/** Calls `look` with the first bytes of a model file, and with more until it returns a result. */
export async function readHeader<T>(model: ModelRequest, look: (first: Uint8Array, size: number) => T | undefined, signal: AbortSignal): Promise<{ found: T; size: number }> {
  const { body, size } = model.file ? { body: model.file.stream(), size: model.file.size } : await opened(model, signal);
  const reader = body.getReader();
  let bytes = new Uint8Array(2 * FIRST_TRY);
  let there = 0;
  let enough = FIRST_TRY;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (value) {
        if (there + value.length > bytes.length) bytes = grown(bytes, there + value.length);
        bytes.set(value, there);
        there += value.length;
      }
      if (!done && there < enough && there < size) continue;
      enough = 2 * there;
      // If the file ends too early, its actual size counts.
      const found = look(bytes.subarray(0, there), done ? there : size);
      if (found !== undefined) return { found, size };
    }
  } catch (error) {
    if (signal.aborted) throw cancelled();
    throw error;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** The response of the first source that has the file. */
async function opened({ urls }: ModelRequest, signal: AbortSignal): Promise<{ body: ReadableStream<Uint8Array>; size: number }> {
  const { url, response } = await firstAnswer(urls, 0, signal);
  const size = Number(response.headers.get("content-length"));
  if (size > 0 && !response.headers.has("content-encoding")) return { body: response.body!, size };
  await response.body?.cancel();
  throw new PrecisError("download-failed", `${new URL(url).host} does not tell the size of the model: download the file yourself and open it.`);
}

function grown(bytes: Uint8Array<ArrayBuffer>, least: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(2 * bytes.length, least));
  larger.set(bytes);
  return larger;
}
