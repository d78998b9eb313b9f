import { PrecisError, toPrecisError } from "../summarizer/errors.js";

type Engine = typeof import("../summarizer/wasm/simd/precis.js");

let loading: Promise<Engine> | null = null;

/**
 * The engine on the page's own thread, for what computes next to nothing: the order of a suite, and cards. Loaded when it is
 * first needed, and again after a failure.
 */
export function engine(): Promise<Engine> {
  loading ??= load().catch((error: unknown) => {
    loading = null;
    throw error;
  });
  return loading;
}

async function load(): Promise<Engine> {
  try {
    const wasm = await import("../summarizer/wasm/simd/precis.js");
    await wasm.default();
    return wasm;
  } catch (cause) {
    // What a browser without SIMD says of the module is a CompileError.
    if (cause instanceof WebAssembly.CompileError) throw new PrecisError("simd-unsupported", "This browser's WebAssembly has no SIMD, which Précis needs: use a newer browser.", { cause });
    throw new PrecisError("download-failed", `The engine itself could not be loaded (${toPrecisError(cause).message}): check the connection and try again.`, { cause });
  }
}
