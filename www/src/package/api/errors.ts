/** Codes that the JavaScript side produces; docs/errors.md explains them beside the engine's own. */
export const CLIENT_ERROR_CODES = [
  "browser-unsupported",
  "simd-unsupported",
  "language-unsupported",
  "engine-unavailable",
  "download-failed",
  "download-corrupt",
  "storage-full",
  "storage-unavailable",
  "licence-required",
  "download-refused",
  "host-failed",
  "worker-crashed",
  "document-not-text",
  "document-too-large",
  "invalid-options",
  "cancelled",
  "destroyed",
  "internal",
] as const;

/** One of CLIENT_ERROR_CODES. */
export type ClientErrorCode = (typeof CLIENT_ERROR_CODES)[number];

/** Every failure of this package: a stable `code` for programs, a sentence that says what to do for people. */
export class PrecisError extends Error {
  /** Stable, kebab-case: one of those in docs/errors.md. */
  readonly code: string;

  constructor(code: ClientErrorCode | (string & {}), message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    // Callers written for the web's own Summarizer tell a call that was stopped by this name.
    this.name = code === "cancelled" || code === "destroyed" ? "AbortError" : "PrecisError";
  }
}

/** The error of a call that its AbortSignal stopped. */
export function cancelled(): PrecisError {
  return new PrecisError("cancelled", "Cancelled.");
}

/** Whether `error` says that a person or program asked to stop. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

/** Any thrown value as a PrecisError; the engine's errors carry their code as a property. */
export function toPrecisError(error: unknown): PrecisError {
  if (error instanceof PrecisError) return error;
  if (isAbort(error)) return cancelled();
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof Error && "code" in error && typeof error.code === "string") {
    return new PrecisError(error.code, message, { cause: error });
  }
  return new PrecisError("internal", `Something unexpected failed (${message}). Reload the page and try again.`, {
    cause: error,
  });
}
