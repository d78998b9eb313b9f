import { cancelled, PrecisError, reasonOf } from "../api/errors.js";
import type { Span } from "./spans.js";

/** The first source that has the file, and its response: a 206 starts exactly at `offset`, any other status at 0. */
export async function firstAnswer(urls: readonly string[], offset: number, signal: AbortSignal): Promise<{ url: string; response: Response }> {
  const failures: string[] = [];
  for (const url of urls) {
    const answer = await ask(url, { start: offset, end: Infinity }, signal);
    if (typeof answer !== "string") return { url, response: answer };
    failures.push(`${new URL(url).host}: ${answer}`);
  }
  throw new PrecisError("download-failed", `The model could not be fetched (${failures.join("; ")}). Check the connection and try again.`);
}

/** A response with exactly this span of the file at `url`; null if the host refuses. */
export async function partAnswer(url: string, span: Span, signal: AbortSignal): Promise<Response | null> {
  const answer = await ask(url, span, signal);
  if (typeof answer === "string") return null;
  if (answer.status === 206) return answer;
  await answer.body?.cancel();
  return null;
}

/** Whether the host of `response` supports range requests. */
export function takesRanges(response: Response): boolean {
  return response.status === 206 || response.headers.get("accept-ranges") === "bytes";
}

/** The response of a source, or the reason why it failed. */
async function ask(url: string, span: Span, signal: AbortSignal): Promise<Response | string> {
  const { start, end } = span;
  const whole = start === 0 && end === Infinity;
  const headers = whole ? undefined : { Range: `bytes=${start}-${end === Infinity ? "" : end - 1}` };
  let response: Response;
  try {
    // no-store, because the HTTP cache would store the file a second time.
    response = await fetch(url, { signal, cache: "no-store", ...(headers && { headers }) });
  } catch (error) {
    if (signal.aborted) throw cancelled();
    return reasonOf(error);
  }
  const startsAt = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1];
  const wrongPart = response.status === 206 && Number(startsAt) !== start;
  if (!whole && end === Infinity && (wrongPart || response.status === 416)) {
    await response.body?.cancel();
    return ask(url, { start: 0, end: Infinity }, signal);
  }
  // Some static hosts send a page with status 200 for a missing file.
  const isPage = response.headers.get("content-type")?.startsWith("text/html") ?? false;
  if (response.ok && response.body && !wrongPart && !isPage) return response;
  await response.body?.cancel();
  return response.ok ? "no such file" : `status ${response.status}`;
}
