import type { OnEvent } from "./events.js";
import type { Note, Report } from "./wasm/relaxed/precis.js";

/** A function that answers requests: a service binding's `fetch`, another deployment, or this handler itself. */
export type Fetch = (request: Request) => Promise<Response>;

/** The runtime's context of a request. Cloudflare's `waitUntil` lets work end in order after the client has disconnected. */
export interface Context {
  waitUntil?(promise: Promise<unknown>): void;
}

/** A fetch handler, as `createHandler` returns it. */
export type Handler = (request: Request, context?: Context) => Promise<Response>;

/** A model file and its source. */
export interface Model {
  readonly id: string;
  /** SHA-256 of the file in lower-case hex, which is verified. Null only for files that nobody else can change. */
  readonly sha256: string | null;
  readonly bytes: number;
  /** Opens the file at its beginning. Called for each load. A piece of the stream need be valid only until the next one is read. */
  open(): Promise<ReadableStream<Uint8Array>>;
}

/** Limits of a request. */
export interface Limits {
  /** Bytes of a request's body. */
  readonly bytes: number;
  /** Seconds for the body to arrive. */
  readonly bodySeconds: number;
  /** Tokens of a summary. */
  readonly tokens: number;
  /** Positions of a prompt and its answer, which limits memory: 1,536 fit an isolate of 128 MB. Null: the trained context. */
  readonly positions: number | null;
  /** Seconds from the body's arrival to the answer, including waiting for other requests and for the model. */
  readonly seconds: number;
  /** Documents that may wait while another is read. */
  readonly queue: number;
  /** Bytes of the bodies of all documents that are taken in, and of all windows for notes: waiting ones take memory, too. */
  readonly queueBytes: number;
  /** Notes for peers that may be taken and wait at once. */
  readonly notes: number;
  /** Attempts by peers on a window before this isolate reads it. */
  readonly tries: number;
  /** Seconds for a peer to take a note, at most. A peer that has answered before gets four times what it took then, at least 10 s. */
  readonly noteSeconds: number;
}

/** The default limits. */
export const LIMITS: Limits = { bytes: 512 * 1024, bodySeconds: 20, tokens: 256, positions: 1536, seconds: 120, queue: 8, queueBytes: 1024 * 1024, notes: 32, tries: 2, noteSeconds: 60 };

/**
 * Keeps notes on windows of documents, so that a document that is sent again, or that was not read to its end, is read only where it
 * is new. A note has the places of a window's best sentences and, with models that write, a few sentences about it.
 */
export interface NoteStore {
  /** The notes under these keys, in their order; null for those that it does not have. */
  get(keys: readonly string[]): Promise<readonly unknown[]>;
  put(key: string, note: Note): Promise<unknown>;
}

/** Options of `createHandler`. */
export interface HandlerOptions {
  /** The compiled `precis/edge/precis.wasm`; for `precis/edge/simd`, `precis/edge/simd.wasm`. */
  module: WebAssembly.Module;
  model: Model;
  /** The token that callers must send as `Authorization: Bearer …`: visible ASCII characters. Without it the service is public. */
  token?: string | undefined;
  limits?: Partial<Limits>;
  /** Handlers with the same model and token that help with documents of several windows. */
  peers?: readonly Fetch[];
  /**
   * The note store of whoever sent this request; undefined for none. Callers with one store can learn from the time and the report of
   * an answer what the others have sent, so give only those the same who may know that. The model needs a SHA-256.
   */
  noteStore?: (request: Request) => NoteStore | undefined;
  /** Hears what happens to the model, the engine and the peers. Without it, failures are written to the console. */
  onEvent?: OnEvent;
}

/** An admitted request. */
export interface Call {
  /** Aborts when the client disconnects or time runs out. Its reason is the error to answer with. */
  readonly signal: AbortSignal;
  /** Keeps the isolate alive until `work` has ended. */
  keep(work: Promise<unknown>): void;
  /** Ends the request with this error. */
  stop(reason: Error): void;
}

/** Statistics of the fan-out of a document's windows. */
export interface FanOut {
  windows: number;
  /** Windows that peers have read. */
  elsewhere: number;
  /** Failed attempts of peers. */
  retried: number;
  /** Windows that were given to a second reader, because the first was late. The first note counts. */
  hedged: number;
  /** Peers that were given up after two failures in a row. */
  peers_failed: number;
}

/** The response to `/summarize`. */
export interface Answer {
  summary: string;
  report: Report;
  /** Null if there are no peers, or nothing that they could read. */
  fan_out: FanOut | null;
}
