import { CLIENT_ERROR_CODES } from "../definitions.js";

/** One of CLIENT_ERROR_CODES. */
export type ClientErrorCode = (typeof CLIENT_ERROR_CODES)[number];

/** The error of this package: a stable `code` for programs, and a message for people that says what to do. */
export class PrecisError extends Error {
  /** One of the stable codes in docs/errors.md, in kebab-case. */
  readonly code: string;

  constructor(code: ClientErrorCode | (string & {}), message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    // Callers written for the web's own Summarizer recognize stopped calls by this name.
    this.name = code === "cancelled" || code === "destroyed" ? "AbortError" : "PrecisError";
  }
}

/** The error of a call that was stopped by its AbortSignal. */
export function cancelled(): PrecisError {
  return new PrecisError("cancelled", "Cancelled.");
}

/** Whether `error` means that a person or program stopped the call. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

/** The message of any thrown value. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Converts any thrown value to a PrecisError. The engine's errors have a property `code`. */
export function toPrecisError(error: unknown): PrecisError {
  if (error instanceof PrecisError) return error;
  if (isAbort(error)) return cancelled();
  const message = reasonOf(error);
  if (error instanceof Error && "code" in error && typeof error.code === "string") {
    return new PrecisError(error.code, message, { cause: error });
  }
  return new PrecisError("internal", `An unexpected error occurred (${message}). Reload the page and try again.`, {
    cause: error,
  });
}
