import type { Report } from "./wasm/relaxed/precis.js";

/** What answers requests: a service binding's `fetch`, another deployment, or this handler itself. */
export type Fetch = (request: Request) => Promise<Response>;

/** What a runtime passes beside a request. Cloudflare's lets work outlive a client that went away, so that it can be ended in order. */
export interface Context {
  waitUntil?(promise: Promise<unknown>): void;
}

/** What `createHandler` makes. */
export type Handler = (request: Request, context?: Context) => Promise<Response>;

/** A model file and where it comes from. */
export interface Model {
  readonly id: string;
  /** Lower-case hex; the file is refused if it is another. Null is for files that nobody else can change. */
  readonly sha256: string | null;
  readonly bytes: number;
  /** The file from its beginning. Called again for each load. */
  open(): Promise<ReadableStream<Uint8Array>>;
}

/** What a request may take. */
export interface Limits {
  /** Bytes of a request's body. */
  readonly bytes: number;
  /** Seconds in which the body has to arrive. */
  readonly bodySeconds: number;
  /** Tokens of a summary. */
  readonly tokens: number;
  /** Positions that a prompt and its answer take at most, which bounds memory: 1,536 fit an isolate of 128 MB. Null: as many as the model was trained for. */
  readonly positions: number | null;
  /** Seconds from the body's arrival to the answer, with waiting for others and for the model. */
  readonly seconds: number;
  /** Requests that may wait while one is computed. */
  readonly queue: number;
  /** How often peers may try a window before it is read here. */
  readonly tries: number;
  /** Seconds that a peer may take for a window. */
  readonly noteSeconds: number;
}

/** The limits that hold unless others are given. */
export const LIMITS: Limits = { bytes: 512 * 1024, bodySeconds: 20, tokens: 256, positions: 1536, seconds: 120, queue: 8, tries: 2, noteSeconds: 60 };

/** What a handler is made of. */
export interface HandlerOptions {
  /** The compiled `precis/edge/precis.wasm`; for `precis/edge/simd`, `precis/edge/simd.wasm`. */
  module: WebAssembly.Module;
  model: Model;
  /** What callers have to send as `Authorization: Bearer …`. Without it anybody may call. */
  token?: string | undefined;
  limits?: Partial<Limits>;
  /** Others with the same model and token, who help with documents of several windows. */
  peers?: readonly Fetch[];
}

/** One request among those that are admitted. */
export interface Call {
  /** Aborted when the client goes away or the time is up; its reason is what to answer. */
  readonly signal: AbortSignal;
  /** Lets work outlive the answer. */
  keep(work: Promise<unknown>): void;
}

/** How the windows of a document were shared out. */
export interface FanOut {
  windows: number;
  /** Windows that peers took. */
  elsewhere: number;
  /** How often a window came back from a peer without a note. */
  retried: number;
  /** Peers that got no more windows because they failed twice in a row. */
  peers_failed: number;
}

/** The answer to a document. */
export interface Answer {
  summary: string;
  report: Report;
  /** Null where no peer was asked. */
  fan_out: FanOut | null;
}
