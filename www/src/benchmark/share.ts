import { PrecisError } from "../package/api/errors.js";

/** Bytes of a card's JSON at most: the engine's own limit. */
export const MAX_BYTES = 1 << 20;

/** Characters of a link's card at most: base64 of as many bytes, which deflate never makes more than a little longer. */
const MAX_CHARACTERS = 1.5 * MAX_BYTES;

const FRAGMENT = "#card=";

/** The address of this page that carries a card's JSON, for whoever opens it. The fragment is never sent to a server. */
export async function shareLink(json: string): Promise<string> {
  const deflated = new Blob([json]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(deflated).arrayBuffer());
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  const base64url = btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const url = new URL(location.href);
  url.hash = FRAGMENT + base64url;
  return url.href;
}

/** The JSON in `fragment`, as `location.hash` has it; null where it is none of ours. Nothing is known of what it says. */
export async function sharedJson(fragment: string): Promise<string | null> {
  if (!fragment.startsWith(FRAGMENT)) return null;
  const encoded = fragment.slice(FRAGMENT.length);
  if (encoded.length > MAX_CHARACTERS) throw refused("it is too long");
  let binary: string;
  try {
    binary = atob(encoded.replaceAll("-", "+").replaceAll("_", "/"));
  } catch (cause) {
    throw refused("it is damaged", cause);
  }
  return inflated(Uint8Array.from(binary, (character) => character.charCodeAt(0)));
}

/** Stops at MAX_BYTES: a few bytes can be made to unpack into any number of them. */
async function inflated(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let size = 0;
  let json = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return json + decoder.decode();
      size += value.length;
      if (size > MAX_BYTES) throw new RangeError();
      json += decoder.decode(value, { stream: true });
    }
  } catch (cause) {
    await reader.cancel().catch(() => undefined);
    throw refused(cause instanceof RangeError ? `it unpacks to more than ${MAX_BYTES} bytes` : "it is damaged", cause);
  }
}

function refused(why: string, cause?: unknown): PrecisError {
  return new PrecisError("invalid-card", `This link holds no result card: ${why}. Ask for it again.`, { cause });
}
