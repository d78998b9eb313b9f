import { serve } from './remote.mjs';

const BYTES = 64 * 2 ** 20;
const COPIES = 8;

// Written once, so that the memory is there before the clock is.
const [from, to] = [1, 2].map((value) => new Uint8Array(BYTES).fill(value));

serve({
  /** 10⁹ bytes a second, read and written. */
  copy() {
    const started = performance.now();
    for (let i = 0; i < COPIES; i++) to.set(from);
    return (2 * BYTES * COPIES) / (performance.now() - started) / 1e6;
  },
});
