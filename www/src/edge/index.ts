/** Précis as a fetch handler, with relaxed SIMD: for Cloudflare Workers, Deno, and others that have it. */
import { handlersOf } from "./handler.js";
import { instantiate } from "./wasm/relaxed/instance.js";

/** Makes a handler, which loads the model with the first request that needs it. */
export const createHandler = handlersOf(instantiate, "the fastest build; an isolate has one thread");

export * from "./exports.js";
