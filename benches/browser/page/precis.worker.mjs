import { serve } from './remote.mjs';

/** What each folder must hold. */
const BUILDS = { relaxed: 'wasm-relaxed-simd', simd: 'wasm-simd' };

let engine;

serve({
  async load(build, model) {
    const precis = await import(`/www/src/summarizer/wasm/${build}/precis.js`);
    await precis.default();
    const reader = new FileReaderSync();
    const read = (offset, into) => {
      const part = reader.readAsArrayBuffer(model.slice(offset, offset + into.length));
      into.set(new Uint8Array(part));
    };
    const info = { id: 'bench', sha256: null, read_ms: null };
    engine = precis.Engine.load(model.size, read, info, () => {});
    if (precis.build() !== BUILDS[build]) throw new Error(`${build} holds ${precis.build()}`);
  },

  encode: (text) => engine.encode(text),

  async measure(ids, decode) {
    const measured = await engine.measure(Uint32Array.from(ids), decode);
    const { prefill, decode: decoded, written } = measured;
    return { prefill_ms: prefill.ms, decode_ms: decoded.ms, written };
  },

  peakGmacs: () => engine.peak_gmacs(),
});
