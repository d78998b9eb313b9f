import init, { Peer } from '/benches/peers/candle/pkg/candle.js';
import { serve } from './remote.mjs';

/** As wllama's batch; longer prompts need less memory and time than in one piece. */
const BATCH = 512;

let peer;

serve({
  async load(model) {
    await init();
    peer = new Peer(new Uint8Array(await model.arrayBuffer()));
  },

  measure(ids, decode) {
    peer.clear();
    const started = performance.now();
    let best;
    for (let i = 0; i < ids.length; i += BATCH) {
      best = peer.forward(Uint32Array.from(ids.slice(i, i + BATCH)), i);
    }
    const read = performance.now();
    const written = [];
    for (let i = 0; i < decode; i++) {
      written.push(best);
      best = peer.forward(Uint32Array.of(best), ids.length + i);
    }
    return { prefill_ms: read - started, decode_ms: performance.now() - read, written };
  },
});
