import { PrecisError } from "./errors.js";

/** The two wasm builds of the engine, by the name of their folder under `wasm/`. */
export type BuildName = "simd" | "relaxed";

/** What the browser's WebAssembly can run. */
export interface Capabilities {
  simd: boolean;
  relaxed: boolean;
}

/** The caller's choice: the best build that runs here, or a particular one (to measure it). */
export type Backend = "auto" | "wasm-simd" | "wasm-relaxed-simd";

// Each probe is a module of one function () -> v128; the comment gives its body.
const HEAD = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, /* type */ 1, 5, 1, 0x60, 0, 1, 0x7b, /* function */ 3, 2, 1, 0];
// i32.const 0; i32x4.splat
const SIMD = [...HEAD, 10, 8, 1, 6, 0, 0x41, 0, 0xfd, 0x11, 0x0b];
// i32.const 0; i32x4.splat; i32.const 0; i32x4.splat; i16x8.relaxed_dot_i8x16_i7x16_s
const RELAXED = [...HEAD, 10, 15, 1, 13, 0, 0x41, 0, 0xfd, 0x11, 0x41, 0, 0xfd, 0x11, 0xfd, 0x92, 0x02, 0x0b];

/** Asks the browser, by validating a tiny module that uses each instruction set. */
export function detectCapabilities(): Capabilities {
  if (typeof WebAssembly === "undefined") return { simd: false, relaxed: false };
  return { simd: WebAssembly.validate(Uint8Array.from(SIMD)), relaxed: WebAssembly.validate(Uint8Array.from(RELAXED)) };
}

/** Which build to load. Pure, so that every combination is tested without such a browser. */
export function pickBuild({ simd, relaxed }: Capabilities, backend: Backend): BuildName {
  if (!simd) {
    throw new PrecisError(
      "simd-unsupported",
      "This browser's WebAssembly has no SIMD, which reading needs: use Chrome or Edge 91, Firefox 89, Safari 16.4, or a newer one.",
    );
  }
  if (backend === "auto") return relaxed ? "relaxed" : "simd";
  if (backend === "wasm-simd") return "simd";
  if (relaxed) return "relaxed";
  throw new PrecisError("simd-unsupported", 'This browser\'s WebAssembly has no relaxed SIMD: use the backend "auto" or "wasm-simd".');
}
