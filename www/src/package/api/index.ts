/**
 * Summarizes a document with a small language model in the reader's own browser, in the shape of the web's Writing
 * Assistance `Summarizer`, and reports how fast the device read.
 */
export { Summarizer } from "./summarizer.js";
export type { CoreOptions, CreateOptions, SummarizeOptions, SummaryLength, SummaryType } from "./options.js";
export type { Availability } from "./availability.js";
export { CreateMonitor, LoadProgressEvent } from "./monitor.js";
export { PrecisError, type ClientErrorCode } from "./errors.js";
export type { Backend } from "./build.js";
export { inspectModel, type InspectOptions } from "./inspect.js";
export { deleteModel, storedModels, type StoredModel } from "../models/stored.js";
export { defaultModel, models } from "./catalogue.js";
export type { ModelEntry, ModelSource, PromptStyle } from "./model.js";
export type { Computing, InspectedModel, LoadedModel } from "./protocol.js";
export type { Event as RunEvent, Form, Format, Kind, Length, PointReport, Report, Strategy, Support, Wording } from "../wasm/simd/precis.js";
