/** A worker that becomes one of the engine's threads: `assets/precis-thread.js`, a script of its own. */
import * as wasm from "../wasm/relaxed/precis.js";

declare const self: DedicatedWorkerGlobalScope;

/** What makes a worker a part of the engine that sent it. */
export interface ThreadPart {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  /** Name of the channel on which the page hears of a thread that failed. */
  alarm: string;
}

self.onmessage = async ({ data: { module, memory, alarm } }: MessageEvent<ThreadPart>) => {
  await wasm.default({ module_or_path: module, memory });
  self.postMessage("ready");
  try {
    wasm.become_thread();
  } catch (error) {
    // The worker that waits for this thread's share waits for ever and hears nothing; the page does.
    new BroadcastChannel(alarm).postMessage(String(error));
    throw error;
  }
};
