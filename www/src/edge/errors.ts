/** HTTP status of each code of the handler, and of those engine codes on which the caller can act. */
export const STATUS = {
  "malformed-json": 400,
  unauthorized: 401,
  "not-found": 404,
  "method-not-allowed": 405,
  "body-timeout": 408,
  "document-too-large": 413,
  "unsupported-media-type": 415,
  "empty-document": 422,
  "document-not-text": 422,
  "invalid-options": 422,
  "prompt-too-long": 422,
  "engine-crashed": 500,
  internal: 500,
  busy: 503,
  timeout: 503,
  // The client is gone and does not read it.
  cancelled: 503,
  "out-of-memory": 503,
  "model-unavailable": 503,
} as const;

/** One of STATUS. */
export type Code = keyof typeof STATUS;

/** A failure as the caller gets it: a status, a stable `code` for programs, and a sentence for people that says what to do. */
export class Failure extends Error {
  readonly code: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: Code | (string & {}), message: string, options: ErrorOptions & { headers?: Record<string, string> } = {}) {
    super(message, options);
    this.code = code;
    // Other engine errors are caused by the model or the deployment, not by the request.
    this.status = code in STATUS ? STATUS[code as Code] : 500;
    this.headers = options.headers ?? {};
  }
}

/** Converts any thrown value to a Failure. The engine's errors have a property `code`. */
export function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof Error && "code" in error && typeof error.code === "string") return new Failure(error.code, error.message, { cause: error });
  if (error instanceof Error && error.name === "AbortError") return new Failure("cancelled", "The client disconnected.", { cause: error });
  // The message may contain secrets, so it goes to the log only.
  console.error(error);
  return new Failure("internal", "An unexpected error occurred. Try again. If it happens again, see the server's log.", { cause: error });
}

/** Whether the WebAssembly instance trapped or its stack overflowed, which leaves its state undefined. */
export function isTrap(error: unknown): boolean {
  return error instanceof WebAssembly.RuntimeError || error instanceof RangeError;
}

/** Settles with `work`, or rejects with the signal's reason as soon as it aborts. `work` itself is not stopped. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort);
    void work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
