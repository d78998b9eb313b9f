import { type Backend, type Capabilities, pickBuild } from "../package/api/build.js";
import { t, tn } from "../ui/words/words.js";

/** A backend that can be measured here. */
export interface Choice {
  /** Stable value of the checkbox, and the name in cards, which are the same in all languages. */
  id: string;
  label: string;
  backend: Backend;
  /** Maximum number of threads; undefined: one for each processor. */
  threads: number | undefined;
}

/** All backends that this browser can run, the automatic choice first. Whether a GPU works is known only after a try. */
export function choicesFor(capabilities: Capabilities, gpu: boolean): Choice[] {
  const choices: Choice[] = [
    // What "auto" chooses is one of the others.
    { id: "auto", label: t("Automatic"), backend: "auto", threads: undefined },
    { id: "simd", label: t("Processor, plain SIMD, 1 thread"), backend: "wasm-simd", threads: 1 },
  ];
  if (capabilities.relaxed) {
    choices.push({ id: "relaxed-1", label: relaxed(1), backend: "wasm-relaxed-simd", threads: 1 });
    const { threads } = pickBuild(capabilities, "wasm-relaxed-simd");
    if (threads > 1) {
      choices.push({ id: "relaxed", label: relaxed(threads), backend: "wasm-relaxed-simd", threads: undefined });
    }
  }
  if (gpu) choices.push({ id: "webgpu", label: t("GPU (WebGPU)"), backend: "webgpu", threads: undefined });
  return choices;
}

function relaxed(threads: number): string {
  return tn(threads, "Processor, relaxed SIMD, {count} thread", "Processor, relaxed SIMD, {count} threads");
}

/** Whether `choice` is selected by default. A quick run measures only the automatic choice, other runs all others. */
export function isDefault(choice: Choice, quick: boolean): boolean {
  return (choice.id === "auto") === quick;
}
