// What is measured, in the order of the table. The page knows how to run each by its name, and
// native.mjs those with `native`, which names the program. All read the same model but for those with
// a `file` of their own.

/**
 * Précis in Chromium on one thread and on several: each row is compared with the one of as many
 * threads.
 */
export const OURS = ['precis', 'precis-threads'];

export const Q4_0 = '.tools/llama/SmolLM2-135M-Instruct.Q4_0.gguf';
export const Q8 = '.tools/onnx/SmolLM2-135M-Instruct/onnx/model_quantized.onnx';

const SLOW = { slow: true };
const MANY = { many: true };

const PRECIS = { title: 'Précis', build: 'wasm, relaxed SIMD' };
const NATIVE = { title: 'Précis', build: 'native', native: 'precis' };
const wllama = (version, kv, file) => ({
  title: 'npm @wllama/wllama',
  version,
  build: `wasm, SIMD, ${kv} cache${file ? ', Q4_0' : ''}`,
  ...(file && { file }),
});
const TRANSFORMERS = {
  title: 'npm @huggingface/transformers',
  version: '4.3.1',
  build: 'wasm, SIMD, q8',
  file: Q8,
};
const LLAMA = { title: 'llama.cpp', version: 'llama-cpp-python 0.3.36', native: 'llama' };
const Q4_1_ROW = { ...LLAMA, build: 'native' };
const Q4_0_ROW = { ...LLAMA, build: 'native, Q4_0', file: Q4_0 };

/** Those with `slow` are measured only where they are asked for. `many` have several threads. */
const SYSTEMS = [
  { name: 'precis', ...PRECIS },
  { name: 'precis-threads', ...PRECIS, ...MANY },
  { name: 'precis-simd', ...PRECIS, build: 'wasm, SIMD' },
  { name: 'wllama-3.8.1', ...wllama('3.8.1', 'f16'), ...SLOW },
  { name: 'wllama-3.8.1-threads', ...wllama('3.8.1', 'f16'), ...MANY },
  { name: 'wllama-2.4.0', ...wllama('2.4.0', 'f32'), ...SLOW },
  { name: 'wllama-2.3.1', ...wllama('2.3.1', 'f32') },
  { name: 'wllama-2.3.1-threads', ...wllama('2.3.1', 'f32'), ...MANY },
  { name: 'wllama-2.3.1-q4_0-threads', ...wllama('2.3.1', 'f32', Q4_0), ...MANY },
  { name: 'wllama-2.3.1-threads-f16', ...wllama('2.3.1', 'f16'), ...MANY, ...SLOW },
  { name: 'transformers.js-q8', ...TRANSFORMERS, ...SLOW },
  { name: 'transformers.js-q8-threads', ...TRANSFORMERS, ...MANY },
  {
    name: 'candle',
    title: 'candle-transformers quantized_llama',
    version: '0.11.1',
    build: 'wasm, SIMD',
    ...SLOW,
  },
  { name: 'precis-native', ...NATIVE },
  { name: 'precis-native-threads', ...NATIVE, ...MANY },
  { name: 'llama.cpp', ...Q4_1_ROW },
  { name: 'llama.cpp-threads', ...Q4_1_ROW, ...MANY },
  { name: 'llama.cpp-q4_0', ...Q4_0_ROW },
  { name: 'llama.cpp-q4_0-threads', ...Q4_0_ROW, ...MANY },
];

export const ALL = SYSTEMS.map(({ name }) => name);
export const USUAL = SYSTEMS.filter(({ slow }) => !slow).map(({ name }) => name);

/** Those of these names, where `threads` is how many those with `many` have. */
export const systemsOf = (names, threads) =>
  SYSTEMS.filter(({ name }) => names.includes(name)).map(({ slow, many, ...system }) => ({
    ...system,
    threads: many ? threads : 1,
  }));
