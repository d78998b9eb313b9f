import { STATUS } from "./definitions.js";

/** A code with a status of its own: the others are 500, because the model or the deployment causes them, not the request. */
export type Code = keyof typeof STATUS;

/** Of an answer to a body that was not read to its end: the connection can't carry another request. */
export const UNREAD = { Connection: "close" };

/** The body of an answer that is an error. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  /** The same as `detail`: what the answer had before it was a problem of RFC 9457. */
  message: string;
}

/** A failure as the caller gets it: a status, a stable `code` for programs, and a sentence for people that says what to do. */
export class Failure extends Error {
  readonly code: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: Code | (string & {}), message: string, options: ErrorOptions & { headers?: Record<string, string> } = {}) {
    super(message, options);
    this.code = code;
    this.status = code in STATUS ? STATUS[code as Code] : 500;
    this.headers = options.headers ?? {};
  }

  /** As RFC 9457 has it, with `code` and `message` besides. `type` leads to the page that lists the codes. */
  get problem(): Problem {
    const { code, message, status } = this;
    const title = code.replaceAll("-", " ");
    return { type: `/#${code}`, title: title[0]?.toUpperCase() + title.slice(1), status, detail: message, code, message };
  }

  get response(): Response {
    const headers = { ...this.headers, "Content-Type": "application/problem+json", "Cache-Control": "no-store" };
    return Response.json(this.problem, { status: this.status, headers });
  }
}

/** Converts any thrown value to a Failure. The engine's errors have a property `code`. */
export function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof Error && "code" in error && typeof error.code === "string") return new Failure(error.code, error.message, { cause: error });
  if (error instanceof Error && error.name === "AbortError") return new Failure("cancelled", "The client disconnected.", { cause: error });
  // The message may contain secrets, so it goes to the log only.
  return new Failure("internal", "An unexpected error occurred. Try again. If it happens again, see the server's log.", { cause: error });
}

/** Whether the WebAssembly instance trapped or its stack overflowed, which leaves its state undefined. */
export function isTrap(error: unknown): boolean {
  return error instanceof WebAssembly.RuntimeError || error instanceof RangeError;
}
