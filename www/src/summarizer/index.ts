/**
 * Summarizes a document with a small language model in the reader's own browser, in the shape of the web's Writing
 * Assistance `Summarizer`, and reports how fast the device read.
 */
export { Summarizer, type CreateOptions, type SummarizeOptions } from "./summarizer.js";
export { CreateMonitor, LoadProgressEvent } from "./monitor.js";
export { PrecisError, type ClientErrorCode } from "./errors.js";
export type { Backend } from "./build.js";
export type { ModelEntry, ModelSource } from "./model.js";
export type { Computing, LoadedModel } from "./protocol.js";
export type { Event as RunEvent, Report } from "./wasm/simd/precis.js";
