import { Failure } from "./errors.js";

/** What a bearer token may consist of, so that it fits a header: visible ASCII characters. */
const SENDABLE = /^[\x21-\x7e]+$/;

/** Refuses a token that is empty, or that no caller could send: a deployment with one would be open, or closed to everybody. */
export function checkToken(token: unknown): void {
  if (token === undefined || (typeof token === "string" && SENDABLE.test(token))) return;
  throw new TypeError("Invalid token: it must be a string of visible ASCII characters, at least one, without spaces. Leave `token` out (TOKEN unset) to let everybody in.");
}

/** Rejects a request without `token`. */
export async function authorize(request: Request, token: string | undefined): Promise<void> {
  if (token === undefined) return;
  const given = /^bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
  if (await same(given, token)) return;
  throw new Failure("unauthorized", "Send the token of this deployment as Authorization: Bearer TOKEN.", { headers: { "WWW-Authenticate": "Bearer" } });
}

/** The answer to a request without `token`, undefined to one with it: for routes of your own beside the handler. */
export async function unauthorized(request: Request, token: string | undefined): Promise<Response | undefined> {
  return authorize(request, token).then(() => undefined, (error: Failure) => error.response);
}

/** Whether two strings are equal. Compares their digests, so that the time does not show how many characters match. */
async function same(a: string, b: string): Promise<boolean> {
  const digest = async (text: string) => new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  const [left, right] = await Promise.all([digest(a), digest(b)]);
  return left.reduce((difference, byte, at) => difference | (byte ^ (right[at] ?? 0)), 0) === 0;
}
