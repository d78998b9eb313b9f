import { PrecisError } from "../package/api/errors.js";

/** The engine's limit for a card's JSON, in bytes. */
export const MAX_BYTES = 1 << 20;

/** Limit for the card in a link, in characters: base64 of as many bytes. Deflate adds only a few bytes in the worst case. */
const MAX_CHARACTERS = 1.5 * MAX_BYTES;

const FRAGMENT = "#card=";

/** The URL of this page with a card's JSON in its fragment, which is never sent to a server. */
export async function shareLink(json: string): Promise<string> {
  const deflated = new Blob([json]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(deflated).arrayBuffer());
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  const base64url = btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const url = new URL(location.href);
  url.hash = FRAGMENT + base64url;
  return url.href;
}

/** The untrusted JSON in `fragment`, which is `location.hash`; null if the fragment has another purpose. */
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

/** Stops at MAX_BYTES, because a few compressed bytes can expand to any number. */
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
  return new PrecisError("invalid-card", `This link does not contain a result card: ${why}. Ask for another link.`, { cause });
}
