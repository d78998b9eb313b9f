import { Failure } from "./errors.js";

/** Refuses a request that doesn't carry `token`. */
export async function authorize(request: Request, token: string | undefined): Promise<void> {
  if (token === undefined) return;
  const given = /^bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
  if (await same(given, token)) return;
  throw new Failure("unauthorized", "Send the token of this deployment as Authorization: Bearer TOKEN.", { headers: { "WWW-Authenticate": "Bearer" } });
}

/** Whether two strings are the same, in a time that doesn't tell how much of them is: their digests have one length and no order. */
async function same(a: string, b: string): Promise<boolean> {
  const digest = async (text: string) => new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  const [left, right] = await Promise.all([digest(a), digest(b)]);
  return left.reduce((difference, byte, at) => difference | (byte ^ (right[at] ?? 0)), 0) === 0;
}
