import * as precis from '/www/src/package/wasm/relaxed/precis.js';

/** A thread of the engine: the same module on the memory that comes with it. */
self.onmessage = async ({ data: { module, memory } }) => {
  await precis.default({ module_or_path: module, memory });
  self.postMessage('ready');
  precis.become_thread();
};
