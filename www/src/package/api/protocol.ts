import type { Backend } from "./build.js";
import type { AssetUrls } from "./fetch-asset.js";
import type { ModelRequest } from "./model.js";
import type { BackendReport, Event as RunEvent, Inspection, Options, Outcome, Prepared, Products, Report, Step } from "../wasm/simd/precis.js";

/** What happens while a model loads; sizes in bytes, `total` null while it is unknown. */
export interface LoadEvent {
  stage: "download" | "prepare";
  loaded: number;
  total: number | null;
}

/** What to load, and on what to run it. */
export interface LoadParams {
  /** Where the engine's files are. */
  assets: AssetUrls;
  model: ModelRequest;
  backend: Backend;
  /** The most threads. */
  threads: number | undefined;
  /** Whether notes on what was read are kept in the browser's storage. */
  remember: boolean;
  /** Name of the channel on which the client hears of a thread that failed. */
  alarm: string;
}

/** What computes, as the Report says it. */
export interface Computing {
  /** `wasm-simd`, `wasm-relaxed-simd` or `webgpu`. */
  backend: string;
  /** Threads that compute. */
  threads: number;
  /** Name of the GPU; null where the processor computes. */
  adapter: string | null;
  /** Why these. */
  reason: string | null;
}

/** What came of loading a model. */
export interface LoadedModel extends Computing {
  /** "opfs" where it is kept on the device, "file" where it is read from disk, else "memory". */
  storage: "opfs" | "memory" | "file";
  /** False when the file was there already. */
  downloaded: boolean;
  sha256: string;
  bytes: number;
  /** The model's positions, in tokens. */
  context: number;
}

/** A model that can be loaded, as the beginning of its file describes it. */
export interface InspectedModel extends Inspection {
  /** Size of the file. */
  bytes: number;
}

/** What a measuring suite reads, and the logits that it holds the engine's to. */
export interface PrepareParams {
  /** The article that the benchmark document repeats. */
  article: string;
  /** A prompt whose logits were recorded for this model; empty where there is none. */
  goldenIds: Uint32Array;
  /** Those after its last token, as little-endian 16-bit floats. */
  goldenLogits: Uint8Array;
}

/** The Report's words for what computes, as LoadedModel has them. */
export function computing({ kind, threads, adapter, reason }: BackendReport): Computing {
  return { backend: kind, threads, adapter, reason };
}

/** Every call that the worker answers: its parameters, its result, and the events that it sends on the way. */
export interface Calls {
  load: { params: LoadParams; result: LoadedModel; event: LoadEvent };
  inspect: { params: { assets: AssetUrls; model: ModelRequest }; result: InspectedModel; event: never };
  count: { params: { text: string }; result: number; event: never };
  summarize: { params: { text: string; options: Options }; result: Report; event: RunEvent };
  forget: { params: Record<string, never>; result: void; event: never };
  prepare: { params: PrepareParams; result: Prepared; event: never };
  /** A step of a suite, after "prepare"; but for a rest, which is the caller's own. */
  perform: { params: { products: Products | null; step: Step }; result: Outcome; event: never };
}

/** Name of a call. */
export type CallName = keyof Calls;

/** Client to worker. "cancel" names the call to stop by its id and has no answer of its own. */
export type Request =
  | { [N in CallName]: { id: number; call: N; params: Calls[N]["params"] } }[CallName]
  | { id: number; call: "cancel" };

/** Worker to client: "started" once, and for each call any number of events, then one result or error, under the call's id. */
export type Reply =
  | { type: "started" }
  | { id: number; type: "event"; event: Calls[CallName]["event"] }
  | { id: number; type: "result"; result: Calls[CallName]["result"] }
  | { id: number; type: "error"; code: string; message: string };
