import { type Backend, type Capabilities, pickBuild } from "../package/api/build.js";
import { counted } from "../ui/format.js";

/** A way to compute that can be measured here. */
export interface Choice {
  /** Stable, for the field's value. */
  id: string;
  label: string;
  backend: Backend;
  /** The most threads; as many as there are processors where it is undefined. */
  threads: number | undefined;
}

/** What "auto" would take, which is one of the others. */
const AUTOMATIC: Choice = { id: "auto", label: "Automatic", backend: "auto", threads: undefined };

/** All that this browser can run, the automatic choice first. Whether a GPU computes is known only once it has been tried. */
export function choicesFor(capabilities: Capabilities, gpu: boolean): Choice[] {
  const choices: Choice[] = [AUTOMATIC, { id: "simd", label: "Processor, plain SIMD, 1 thread", backend: "wasm-simd", threads: 1 }];
  if (capabilities.relaxed) {
    choices.push({ id: "relaxed-1", label: "Processor, relaxed SIMD, 1 thread", backend: "wasm-relaxed-simd", threads: 1 });
    const { threads } = pickBuild(capabilities, "wasm-relaxed-simd");
    if (threads > 1) {
      choices.push({ id: "relaxed", label: `Processor, relaxed SIMD, ${counted(threads, "thread")}`, backend: "wasm-relaxed-simd", threads: undefined });
    }
  }
  if (gpu) choices.push({ id: "webgpu", label: "GPU (WebGPU)", backend: "webgpu", threads: undefined });
  return choices;
}

/** Whether `choice` is measured unless the person says otherwise: a quick run takes only what would be used anyway. */
export function isDefault(choice: Choice, quick: boolean): boolean {
  return (choice.id === "auto") === quick;
}
