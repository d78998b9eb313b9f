/** Précis as a fetch handler, for runtimes with relaxed SIMD, such as Cloudflare Workers and Deno. */
import { handlersOf } from "./handler.js";
import { instantiate } from "./wasm/relaxed/instance.js";

/** Makes a handler. It loads the model on the first request that needs it. */
export const createHandler = handlersOf(instantiate, "the fastest build; an isolate has one thread");

export * from "./exports.js";
