import { PrecisError } from "./errors.js";

/** The two wasm builds of the engine, by the name of their folder under `wasm/`. Only "relaxed" can have threads. */
export type BuildName = "simd" | "relaxed";

/** What the browser's WebAssembly can run, and on what. */
export interface Capabilities {
  simd: boolean;
  relaxed: boolean;
  /** Whether the page may share memory between threads. */
  isolated: boolean;
  /** Logical processors. */
  cores: number;
}

/** A build, its threads, and why they were chosen. */
export interface Choice {
  build: BuildName;
  threads: number;
  reason: string;
}

/** More threads than this wait for each other more than they compute. */
const MOST_THREADS = 16;

/** What a caller may choose: the fastest here, the GPU, the processor, or a particular build on it (to measure it). */
export const BACKENDS = ["auto", "webgpu", "cpu", "wasm-simd", "wasm-relaxed-simd"] as const;

/** The caller's choice. */
export type Backend = (typeof BACKENDS)[number];

/** What the engine is asked to compute with: whatever is faster, the processor, or the GPU. */
export type Compute = "auto" | "cpu" | "webgpu";

// Each probe is a module of one function () -> v128; the comment gives its body.
const HEAD = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, /* type */ 1, 5, 1, 0x60, 0, 1, 0x7b, /* function */ 3, 2, 1, 0];
// i32.const 0; i32x4.splat
const SIMD = [...HEAD, 10, 8, 1, 6, 0, 0x41, 0, 0xfd, 0x11, 0x0b];
// i32.const 0; i32x4.splat; i32.const 0; i32x4.splat; i16x8.relaxed_dot_i8x16_i7x16_s
const RELAXED = [...HEAD, 10, 15, 1, 13, 0, 0x41, 0, 0xfd, 0x11, 0x41, 0, 0xfd, 0x11, 0xfd, 0x92, 0x02, 0x0b];

/** Asks the browser, by validating a tiny module that uses each instruction set. */
export function detectCapabilities(): Capabilities {
  const validates = (module: number[]) => typeof WebAssembly !== "undefined" && WebAssembly.validate(Uint8Array.from(module));
  return {
    simd: validates(SIMD),
    relaxed: validates(RELAXED),
    isolated: globalThis.crossOriginIsolated === true,
    cores: navigator.hardwareConcurrency || 1,
  };
}

/** What `backend` leaves to the engine: someone who names a build wants the processor. */
export function computeOf(backend: Backend): Compute {
  return backend === "auto" || backend === "webgpu" ? backend : "cpu";
}

/**
 * Which build to load and how many threads to start: for "webgpu" as well, because the processor takes over where the GPU
 * fails. Pure, so that every combination is tested without such a browser.
 */
export function pickBuild({ simd, relaxed, isolated, cores }: Capabilities, backend: Backend, threads?: number): Choice {
  if (!simd) {
    throw new PrecisError(
      "simd-unsupported",
      "This browser's WebAssembly has no SIMD, which reading needs: use Chrome or Edge 91, Firefox 89, Safari 16.4, or a newer one.",
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
