import { cancelled, PrecisError } from "./errors.js";
import type { ModelRequest } from "./model.js";
import type { Part } from "./part.js";

/** The engine's hash, fed while bytes arrive. */
export interface Hash {
  update(bytes: Uint8Array): void;
  /** Lower-case hex. */
  finish(): string;
  free(): void;
}

/** Called with the bytes that are there and, once known, the size of the whole. */
export type Progress = (loaded: number, total: number | null) => void;

/** Fills `part` with the model's file, going on from what it holds, and returns the verified sha256. */
export async function download(
  { urls, expected }: ModelRequest,
  part: Part,
  newHash: () => Hash,
  signal: AbortSignal,
  progress: Progress,
): Promise<string> {
  if (expected && part.size > expected.bytes) part.restart();
  const complete = expected !== null && part.size === expected.bytes;
  const response = complete ? null : await firstAnswer(urls, part.size, signal);
  if (response && response.status !== 206) part.restart();
  const total = expected?.bytes ?? contentLength(response);
  const hash = newHash();
  try {
    for (const slice of part.slices()) hash.update(slice);
    progress(part.size, total);
    if (response) await receive(response, part, hash, expected, signal, (loaded) => progress(loaded, total));
    return verified(part, hash.finish(), expected);
  } finally {
    hash.free();
  }
}

/** The first source that has the file; a 206 goes on exactly at `offset`, any other answer starts at 0. */
async function firstAnswer(urls: readonly string[], offset: number, signal: AbortSignal): Promise<Response> {
  const failures: string[] = [];
  for (const url of urls) {
    const answer = await ask(url, offset, signal);
    if (typeof answer !== "string") return answer;
    failures.push(`${new URL(url).host}: ${answer}`);
  }
  throw new PrecisError("download-failed", `The model could not be fetched (${failures.join("; ")}). Check the connection and try again.`);
}

/** The answer of one source, or why it has none. */
async function ask(url: string, offset: number, signal: AbortSignal): Promise<Response | string> {
  const headers = offset > 0 ? { Range: `bytes=${offset}-` } : undefined;
  let response: Response;
  try {
    // no-store: the HTTP cache would keep the file a second time.
    response = await fetch(url, { signal, cache: "no-store", ...(headers && { headers }) });
  } catch (error) {
    if (signal.aborted) throw cancelled();
    return error instanceof Error ? error.message : String(error);
  }
  const startsAt = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1];
  const wrongPart = response.status === 206 && Number(startsAt) !== offset;
  if (offset > 0 && (wrongPart || response.status === 416)) {
    await response.body?.cancel();
    return ask(url, 0, signal);
  }
  // A page where the file should be is a static host's way to say "not found".
  const isPage = response.headers.get("content-type")?.startsWith("text/html") ?? false;
  if (response.ok && response.body && !wrongPart && !isPage) return response;
  await response.body?.cancel();
  return response.ok ? "no such file" : `status ${response.status}`;
}

async function receive(
  response: Response,
  part: Part,
  hash: Hash,
  expected: ModelRequest["expected"],
  signal: AbortSignal,
  progress: (loaded: number) => void,
): Promise<void> {
  const reader = response.body!.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch((error: unknown) => {
      throw signal.aborted ? cancelled() : interrupted(part, expected, error);
    });
    if (done) return;
    hash.update(value);
    part.append(value);
    progress(part.size);
    if (expected && part.size > expected.bytes) {
      // More than the file can have: whatever this is, it is not the model.
      await reader.cancel();
      return;
    }
  }
}

function verified(part: Part, sha256: string, expected: ModelRequest["expected"]): string {
  if (!expected || (part.size === expected.bytes && sha256 === expected.sha256)) return sha256;
  const what = part.size === expected.bytes ? "its checksum is wrong" : `${part.size} bytes came instead of ${expected.bytes}`;
  part.restart();
  throw new PrecisError("download-corrupt", `The model arrived damaged (${what}) and was thrown away. Try again; if it happens again, the source is at fault.`);
}

function interrupted(part: Part, expected: ModelRequest["expected"], cause: unknown): PrecisError {
  const there = expected ? `${megabytes(part.kept)} of ${megabytes(expected.bytes)} MB` : `${megabytes(part.kept)} MB`;
  const next = part.kept > 0 ? `${there} are kept, and trying again goes on from there` : "Try again";
  return new PrecisError("download-failed", `The connection broke while the model was loading. ${next}.`, { cause });
}

function contentLength(response: Response | null): number | null {
  // Under a content coding the header counts other bytes than those that arrive.
  const length = response?.headers.get("content-encoding") ? null : response?.headers.get("content-length");
  return length ? Number(length) : null;
}

/** Bytes as whole megabytes (10^6), as file managers and data plans count. */
export function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 10e6 ? 1 : 0);
}
