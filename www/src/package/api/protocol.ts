import type { Backend } from "./build.js";
import type { AssetUrls } from "./fetch-asset.js";
import type { ModelRequest } from "./model.js";
import type { BackendReport, Event as RunEvent, Inspection, Options, Outcome, Prepared, Products, Report, Step } from "../wasm/simd/precis.js";

/** Progress of loading a model, in bytes; `total` is null while unknown. */
export interface LoadEvent {
  stage: "download" | "prepare";
  loaded: number;
  total: number | null;
}

/** Parameters of loading: the model and the backend. */
export interface LoadParams {
  /** URLs of the engine's files. */
  assets: AssetUrls;
  model: ModelRequest;
  backend: Backend;
  /** Maximum number of threads. */
  threads: number | undefined;
  /** Whether notes are stored in the browser. */
  remember: boolean;
  /** Name of the channel on which threads report failures to the client. */
  alarm: string;
}

/** The backend in use, as in the report. */
export interface Computing {
  /** `wasm-simd`, `wasm-relaxed-simd` or `webgpu`. */
  backend: string;
  /** Number of threads. */
  threads: number;
  /** Name of the GPU; null if the processor computes. */
  adapter: string | null;
  /** Reason for this choice. */
  reason: string | null;
}

/** A loaded model. */
export interface LoadedModel extends Computing {
  /** "opfs": stored in the browser; "file": read from disk; "memory": kept in memory only. */
  storage: "opfs" | "memory" | "file";
  /** Why the browser's storage could not take the file: "storage-full" or "storage-unavailable". Null if it has it, or was not asked. */
  notKept: string | null;
  /** False if the file was already on the device. */
  downloaded: boolean;
  sha256: string;
  bytes: number;
  /** Trained context, in tokens. */
  context: number;
}

/** The header of a model that can be loaded. */
export interface InspectedModel extends Inspection {
  /** Size of the file. */
  bytes: number;
}

/** The document of a suite, and the golden logits for its certificate. */
export interface PrepareParams {
  /** The article that the benchmark document repeats. */
  article: string;
  /** A prompt with recorded logits for this model; empty if there is none. */
  goldenIds: Uint32Array;
  /** Logits after its last token, as little-endian 16-bit floats. */
  goldenLogits: Uint8Array;
}

/** Converts the report of the backend. */
export function computing({ kind, threads, adapter, reason }: BackendReport): Computing {
  return { backend: kind, threads, adapter, reason };
}

/** The worker's calls, with their parameters, results and events. */
export interface Calls {
  load: { params: LoadParams; result: LoadedModel; event: LoadEvent };
  inspect: { params: { assets: AssetUrls; model: ModelRequest }; result: InspectedModel; event: never };
  /** Needs no loaded model. */
  readable: { params: { assets: AssetUrls; text: string }; result: string; event: never };
  count: { params: { text: string }; result: number; event: never };
  summarize: { params: { text: string; options: Options }; result: Report; event: RunEvent };
  forget: { params: Record<string, never>; result: void; event: never };
  prepare: { params: PrepareParams; result: Prepared; event: never };
  /** A step of a suite, after "prepare". The caller handles rests. */
  perform: { params: { products: Products | null; step: Step }; result: Outcome; event: never };
}

/** Name of a call. */
export type CallName = keyof Calls;

/** Client to worker. "cancel" has the id of the call to stop, and gets no reply. */
export type Request =
  | { [N in CallName]: { id: number; call: N; params: Calls[N]["params"] } }[CallName]
  | { id: number; call: "cancel" };

/** Worker to client: "started" once, and for each call any number of events, then one result or error, with the call's id. */
export type Reply =
  | { type: "started" }
  | { id: number; type: "event"; event: Calls[CallName]["event"] }
  | { id: number; type: "result"; result: Calls[CallName]["result"] }
  | { id: number; type: "error"; code: string; message: string };
