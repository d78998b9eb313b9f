/** Texts in the fragment of a link: compressed, in base64url. Browsers never send a fragment to a server. */
import { t } from "./words/words.js";

/** The address of this page with `text` in its fragment `#key=…`. */
export async function linkWith(key: string, text: string): Promise<string> {
  const deflated = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(deflated).arrayBuffer());
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  const base64url = btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const url = new URL(location.href);
  url.hash = `#${key}=${base64url}`;
  return url.href;
}

/**
 * The untrusted text in `fragment`, which is `location.hash`; null if the fragment has another key. Throws an Error that says why,
 * if the fragment is damaged or has more than `maxBytes`.
 */
export async function textInLink(key: string, fragment: string, maxBytes: number): Promise<string | null> {
  if (!fragment.startsWith(`#${key}=`)) return null;
  const encoded = fragment.slice(key.length + 2);
  // Base64 of as many bytes. Deflate adds only a few bytes in the worst case.
  if (encoded.length > 1.5 * maxBytes) throw new Error(t("it is too long"));
  let binary: string;
  try {
    binary = atob(encoded.replaceAll("-", "+").replaceAll("_", "/"));
  } catch (cause) {
    throw new Error(t("it is damaged"), { cause });
  }
  return inflated(Uint8Array.from(binary, (character) => character.charCodeAt(0)), maxBytes);
}

/** Stops at `maxBytes`, because a few compressed bytes can expand to any number. */
async function inflated(bytes: Uint8Array<ArrayBuffer>, maxBytes: number): Promise<string> {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let size = 0;
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text + decoder.decode();
      size += value.length;
      if (size > maxBytes) throw new RangeError();
      text += decoder.decode(value, { stream: true });
    }
  } catch (cause) {
    await reader.cancel().catch(() => undefined);
    throw new Error(cause instanceof RangeError ? t("it unpacks to more than {bytes} bytes", { bytes: String(maxBytes) }) : t("it is damaged"), { cause });
  }
}
