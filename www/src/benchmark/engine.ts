import { assetUrls } from "../package/assets.js";
import { PrecisError } from "../package/api/errors.js";
import { fetched, unavailable } from "../package/api/fetch-asset.js";

type Engine = typeof import("../package/wasm/simd/precis.js");

let loading: Promise<Engine> | null = null;

/**
 * The engine on the page's main thread, for short computations: the order of a suite, and cards. Loaded on first use, and again
 * after a failure.
 */
export function engine(): Promise<Engine> {
  loading ??= load().catch((error: unknown) => {
    loading = null;
    throw error;
  });
  return loading;
}

async function load(): Promise<Engine> {
  const { simd } = assetUrls();
  const [wasm, response] = await Promise.all([import("../package/wasm/simd/precis.js"), fetched(simd)]);
  try {
    await wasm.default({ module_or_path: response });
    return wasm;
  } catch (cause) {
    // A browser without SIMD throws a CompileError.
    if (cause instanceof WebAssembly.CompileError) throw new PrecisError("simd-unsupported", "This browser's WebAssembly has no SIMD, which Précis needs: use a newer browser.", { cause });
    throw unavailable(simd, String(cause), cause);
  }
}
