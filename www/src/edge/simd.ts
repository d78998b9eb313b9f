/** Précis as a fetch handler, for runtimes without relaxed SIMD. */
import { handlersOf } from "./handler.js";
import { instantiate } from "./wasm/simd/instance.js";

/** Makes a handler. It loads the model on the first request that needs it. */
export const createHandler = handlersOf(instantiate, "the build without relaxed SIMD was chosen; an isolate has one thread");

export * from "./exports.js";
