import {
  AutoModelForCausalLM,
  DynamicCache,
  env,
  Tensor,
} from '/benches/browser/node_modules/@huggingface/transformers/dist/transformers.min.js';
import { serve } from './remote.mjs';

/** What `dtype: 'q8'` reads in a model's folder. */
const Q8 = '/onnx/model_quantized.onnx';

/** The runtime for the processor alone: the one it takes otherwise can wait for a GPU too. */
const RUNTIME = '/benches/browser/node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded';

let model;

const int64 = (values) =>
  new Tensor('int64', BigInt64Array.from(values, BigInt), [1, values.length]);

/** The logits after `ids`, which follow what is in the cache. */
async function forward(ids, cache) {
  const length = cache.get_seq_length() + ids.length;
  const { logits, ...present } = await model.forward({
    input_ids: int64(ids),
    attention_mask: int64(new Array(length).fill(1)),
    past_key_values: cache,
  });
  const entries = Object.entries(present);
  cache.update(
    Object.fromEntries(entries.map(([k, v]) => [k.replace('present', 'past_key_values'), v])),
  );
  return logits.data;
}

serve({
  async load(path, threads) {
    env.allowLocalModels = true;
    env.allowRemoteModels = false;
    env.useBrowserCache = false;
    const { wasm } = env.backends.onnx;
    wasm.wasmPaths = { mjs: `${RUNTIME}.mjs`, wasm: `${RUNTIME}.wasm` };
    wasm.numThreads = threads;
    const options = { dtype: 'q8', device: 'wasm' };
    model = await AutoModelForCausalLM.from_pretrained(path.replace(Q8, ''), options);
    if (wasm.numThreads !== threads) throw new Error(`it runs in ${wasm.numThreads} threads`);
  },

  async measure(ids, decode) {
    // Its tensors are in arrays, so that nothing has to be freed.
    const cache = new DynamicCache();
    const started = performance.now();
    let logits = await forward(ids, cache);
    const read = performance.now();
    const written = [];
    for (let i = 0; i < decode; i++) {
      written.push(logits.indexOf(logits.reduce((a, b) => Math.max(a, b))));
      logits = await forward(written.slice(-1), cache);
    }
    return { prefill_ms: read - started, decode_ms: performance.now() - read, written };
  },
});
