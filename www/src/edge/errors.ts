/** The status of every code that this side produces, and of those of the engine's that the caller can do something about. */
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
  // Nobody reads it: the client is gone.
  cancelled: 503,
  "out-of-memory": 503,
  "model-unavailable": 503,
} as const;

/** One of STATUS. */
export type Code = keyof typeof STATUS;

/** A failure as the caller is told: a status, a stable `code` for programs, a sentence that says what to do for people. */
export class Failure extends Error {
  readonly code: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: Code | (string & {}), message: string, options: ErrorOptions & { headers?: Record<string, string> } = {}) {
    super(message, options);
    this.code = code;
    // What else the engine may find wrong is wrong with the model or with this deployment, not with the request.
    this.status = code in STATUS ? STATUS[code as Code] : 500;
    this.headers = options.headers ?? {};
  }
}

/** Any thrown value as a Failure; the engine's errors carry their code as a property. */
export function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof Error && "code" in error && typeof error.code === "string") return new Failure(error.code, error.message, { cause: error });
  if (error instanceof Error && error.name === "AbortError") return new Failure("cancelled", "The client went away.", { cause: error });
  // Not its message: that is for whoever reads the log.
  console.error(error);
  return new Failure("internal", "Something unexpected failed. Try again; if it happens again, its cause stands in the server's log.", { cause: error });
}

/** Whether a WebAssembly instance ended in a state that nobody defined: it trapped, or its stack overflowed. */
export function isTrap(error: unknown): boolean {
  return error instanceof WebAssembly.RuntimeError || error instanceof RangeError;
}

/** `work`, or the signal's reason as soon as it is aborted; `work` then goes on by itself. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort);
    void work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
