import { detectCapabilities } from "./build.js";
import { PrecisError } from "./errors.js";

/** Required browser features, by name. SIMD is checked separately, with its own error. */
const NEEDED: [string, () => unknown][] = [
  ["Worker", () => globalThis.Worker],
  ["location", () => globalThis.location],
  ["BroadcastChannel", () => globalThis.BroadcastChannel],
  ["ReadableStream", () => globalThis.ReadableStream],
  ["AbortSignal.prototype.throwIfAborted", () => globalThis.AbortSignal?.prototype.throwIfAborted],
  ["Array.prototype.at", () => Array.prototype.at],
];

const BROWSERS = "Chrome or Edge 100, Firefox 100, Safari 16.4, or a newer one";

/** The first missing feature; null if none is missing. */
function missing(): string | null {
  return NEEDED.find(([, found]) => !found())?.[0] ?? null;
}

/** Throws if this is not a browser, or it is too old. */
export function requireBrowser(): void {
  const name = missing();
  if (name === null) return;
  // Node, Deno and edge isolates have some of these features.
  const browser = typeof document !== "undefined" || "WorkerGlobalScope" in globalThis;
  const message =
    browser && name !== "Worker"
      ? `This browser is too old: it lacks ${name}. Use ${BROWSERS}.`
      : `Précis needs a browser: ${name} is missing here. In Node use the command line, on the edge precis/edge.`;
  throw new PrecisError("browser-unsupported", message);
}

/** Whether the engine can run here. */
export function canRun(): boolean {
  return missing() === null && detectCapabilities().simd;
}

/** The base URL for relative addresses of models. */
export function pageAddress(): string {
  return typeof document === "undefined" ? location.href : document.baseURI;
}
