/** Loads the package's own files. */
import { PrecisError, reasonOf } from "./errors.js";

/** The absolute URLs of the files. */
export interface AssetUrls {
  /** Script of the worker that computes. */
  worker: string;
  /** Script of the engine's further threads. */
  thread: string;
  /** The engine for browsers without relaxed SIMD. */
  simd: string;
  /** The engine with relaxed SIMD and threads. */
  relaxed: string;
}

/**
 * Starts the worker script at `url`. Browsers do not start workers from another origin, so such a script is copied to a `blob:` URL
 * of this page.
 */
export async function startWorker(url: string, name: string): Promise<Worker> {
  try {
    const { protocol, origin } = new URL(url);
    const same = protocol === "blob:" || protocol === "data:" || origin === location.origin;
    return new Worker(same ? url : await copyOf(url), { name });
  } catch (cause) {
    if (cause instanceof PrecisError) throw cause;
    throw unavailable(url, reasonOf(cause), cause);
  }
}

async function copyOf(url: string): Promise<string> {
  const response = await fetched(url);
  const blob = new Blob([await response.text()], { type: "text/javascript" });
  // Never revoked, because the worker starts threads later.
  return URL.createObjectURL(blob);
}

/** Fetches the file at `url`. An error names the URL. */
export async function fetched(url: string): Promise<Response> {
  const response = await fetch(url).catch((cause: unknown) => {
    throw unavailable(url, reasonOf(cause), cause);
  });
  if (!response.ok) throw unavailable(url, `status ${response.status}`);
  return response;
}

/** The error for an asset that can't be loaded. */
export function unavailable(url: string, why: string, cause?: unknown): PrecisError {
  const next = "Serve the package's folder assets beside the script, or set the option assetsUrl to its address.";
  return new PrecisError("engine-unavailable", `The engine could not be loaded from ${url} (${why}). ${next}`, cause === undefined ? undefined : { cause });
}
