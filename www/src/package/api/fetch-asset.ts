/** Getting at the package's own files, and saying so where they are not there. */
import { PrecisError } from "./errors.js";

/** The absolute addresses of those files. */
export interface AssetUrls {
  /** Script of the worker that computes. */
  worker: string;
  /** Script of its further threads. */
  thread: string;
  /** The engine for browsers without relaxed SIMD. */
  simd: string;
  /** The engine with relaxed SIMD and threads. */
  relaxed: string;
}

/**
 * Starts the worker script at `url`. Browsers start none from another origin: of such a script a copy is started, under an
 * address of this page's own.
 */
export async function startWorker(url: string, name: string): Promise<Worker> {
  try {
    const { protocol, origin } = new URL(url);
    const same = protocol === "blob:" || protocol === "data:" || origin === location.origin;
    return new Worker(same ? url : await copyOf(url), { name });
  } catch (cause) {
    if (cause instanceof PrecisError) throw cause;
    throw unavailable(url, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

async function copyOf(url: string): Promise<string> {
  const response = await fetched(url);
  const blob = new Blob([await response.text()], { type: "text/javascript" });
  // Kept for as long as the page: the worker starts threads later.
  return URL.createObjectURL(blob);
}

/** The file at `url`, or an error that says where it was looked for. */
export async function fetched(url: string): Promise<Response> {
  const response = await fetch(url).catch((cause: unknown) => {
    throw unavailable(url, cause instanceof Error ? cause.message : String(cause), cause);
  });
  if (!response.ok) throw unavailable(url, `status ${response.status}`);
  return response;
}

/** The error of an asset that can't be had. */
export function unavailable(url: string, why: string, cause?: unknown): PrecisError {
  const next = "Serve the package's folder assets, and say where it is with the option assetsUrl if that is not beside the script.";
  return new PrecisError("engine-unavailable", `The engine could not be loaded from ${url} (${why}). ${next}`, cause === undefined ? undefined : { cause });
}
