import { serve } from './remote.mjs';

/** What each folder must hold. */
const BUILDS = { relaxed: 'wasm-relaxed-simd', simd: 'wasm-simd' };

let engine;

function startThread(precis) {
  const thread = new Worker(new URL('precis.thread.mjs', import.meta.url), { type: 'module' });
  const ready = new Promise((resolve, reject) => {
    thread.onmessage = resolve;
    thread.onerror = reject;
  });
  thread.postMessage({ module: precis.shared_module(), memory: precis.shared_memory() });
  return ready;
}

serve({
  async load(build, threads, model) {
    const precis = await import(`/www/src/package/wasm/${build}/precis.js`);
    await precis.default();
    await Promise.all(Array.from({ length: threads - 1 }, () => startThread(precis)));
    const reader = new FileReaderSync();
    const read = (offset, into) => {
      const part = reader.readAsArrayBuffer(model.slice(offset, offset + into.length));
      into.set(new Uint8Array(part));
    };
    const info = { id: 'bench', sha256: null, read_ms: null };
    engine = await precis.Engine.load(model.size, read, info, 'cpu', threads, 'bench', () => {});
    if (precis.build() !== BUILDS[build]) throw new Error(`${build} holds ${precis.build()}`);
  },

  encode: (text) => engine.encode(text),

  async measure(ids, decode) {
    const measured = await engine.measure(Uint32Array.from(ids), decode);
    const { prefill, decode: decoded, written } = measured;
    return { prefill_ms: prefill.ms, decode_ms: decoded.ms, written };
  },

  ceiling: async () => ({
    linear_macs: engine.linear_macs(),
    weight_bytes: engine.weight_bytes(),
    peak_gmacs: await engine.peak_gmacs(),
  }),
});
