/** A worker that becomes a thread of the engine: `assets/precis-thread.js`. */
import * as wasm from "../wasm/relaxed/precis.js";

declare const self: DedicatedWorkerGlobalScope;

/** The message to a thread: the engine's module and memory. */
export interface ThreadPart {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  /** Name of the channel on which threads report failures to the page. */
  alarm: string;
}

self.onmessage = async ({ data: { module, memory, alarm } }: MessageEvent<ThreadPart>) => {
  await wasm.default({ module_or_path: module, memory });
  self.postMessage("ready");
  try {
    wasm.become_thread();
  } catch (error) {
    // The engine's worker waits for this thread for ever and receives no messages, so tell the page.
    new BroadcastChannel(alarm).postMessage(String(error));
    throw error;
  }
};
