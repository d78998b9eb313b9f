import type { Compute } from "../wasm/simd/precis.js";
import { PrecisError } from "./errors.js";

/** The two WebAssembly builds of the engine, named like their folders in `wasm/`. Only "relaxed" can have threads. */
export type BuildName = "simd" | "relaxed";

/** The browser's WebAssembly features, and the number of processors. */
export interface Capabilities {
  simd: boolean;
  relaxed: boolean;
  /** Whether the page may share memory between threads. */
  isolated: boolean;
  /** Logical processors. */
  cores: number;
}

/** A build, its number of threads, and the reason for the choice. */
export interface Choice {
  build: BuildName;
  threads: number;
  reason: string;
}

/** With more threads, synchronization costs more than they gain. */
const MOST_THREADS = 16;

/** Backends that a caller can choose: the fastest, the GPU, the processor, or a particular build for the processor, to measure it. */
export const BACKENDS = ["auto", "webgpu", "cpu", "wasm-simd", "wasm-relaxed-simd"] as const;

/** One of BACKENDS. */
export type Backend = (typeof BACKENDS)[number];

// Each probe is a module of one function () -> v128; the comment gives its body.
const HEAD = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, /* type */ 1, 5, 1, 0x60, 0, 1, 0x7b, /* function */ 3, 2, 1, 0];
// i32.const 0; i32x4.splat
const SIMD = [...HEAD, 10, 8, 1, 6, 0, 0x41, 0, 0xfd, 0x11, 0x0b];
// i32.const 0; i32x4.splat; i32.const 0; i32x4.splat; i16x8.relaxed_dot_i8x16_i7x16_s
const RELAXED = [...HEAD, 10, 15, 1, 13, 0, 0x41, 0, 0xfd, 0x11, 0x41, 0, 0xfd, 0x11, 0xfd, 0x92, 0x02, 0x0b];

/** Detects features by validating a tiny module for each instruction set. */
export function detectCapabilities(): Capabilities {
  const validates = (module: number[]) => typeof WebAssembly !== "undefined" && WebAssembly.validate(Uint8Array.from(module));
  return {
    simd: validates(SIMD),
    relaxed: validates(RELAXED),
    isolated: globalThis.crossOriginIsolated === true,
    cores: navigator.hardwareConcurrency || 1,
  };
}

/** The engine's option for `backend`. A particular build means the processor. */
export function computeOf(backend: Backend): Compute {
  return backend === "auto" || backend === "webgpu" ? backend : "cpu";
}

/**
 * Chooses the build to load and the number of threads. Also used for "webgpu", because the processor takes over if the GPU fails.
 * A pure function, so that tests can cover browsers that they do not have.
 */
export function pickBuild({ simd, relaxed, isolated, cores }: Capabilities, backend: Backend, threads?: number): Choice {
  if (!simd) {
    throw new PrecisError(
      "simd-unsupported",
      "This browser's WebAssembly has no SIMD, which Précis needs: use Chrome or Edge 91, Firefox 89, Safari 16.4, or a newer one.",
    );
  }
  if (backend === "wasm-relaxed-simd" && !relaxed) {
    throw new PrecisError("simd-unsupported", 'This browser\'s WebAssembly has no relaxed SIMD: use the backend "auto" or "wasm-simd".');
  }
  const one = (build: BuildName, reason: string): Choice => ({ build, threads: 1, reason });
  if (backend === "wasm-simd") return one("simd", "asked for; this build has no threads");
  if (!relaxed) return one("simd", "this browser's WebAssembly has no relaxed SIMD; the build without it has no threads");
  if (threads === 1) return one("relaxed", "one thread was asked for");
  if (cores === 1) return one("relaxed", "this device has one processor");
  if (!isolated) return one("relaxed", "the page is not isolated from other origins (COOP and COEP headers), so it can't have threads");
  const wanted = Math.min(threads ?? MOST_THREADS, cores, MOST_THREADS);
  return { build: "relaxed", threads: wanted, reason: "the fastest build, and a thread for each processor" + (wanted < cores ? ", as far as asked for or useful" : "") };
}
