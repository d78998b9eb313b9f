// What is measured, in the order of the table. The page knows how to run each by its name.

export const OURS = 'precis';

export const SYSTEMS = [
  { name: 'precis', title: 'Précis', build: 'wasm, relaxed SIMD' },
  { name: 'precis-simd', title: 'Précis', build: 'wasm, SIMD' },
  { name: 'wllama-3.8.1', title: 'npm @wllama/wllama', version: '3.8.1', build: 'wasm, SIMD' },
  { name: 'wllama-2.4.0', title: 'npm @wllama/wllama', version: '2.4.0', build: 'wasm, SIMD' },
  { name: 'wllama-2.3.1', title: 'npm @wllama/wllama', version: '2.3.1', build: 'wasm, SIMD' },
  {
    name: 'candle',
    title: 'candle-transformers quantized_llama',
    version: '0.11.1',
    build: 'wasm, SIMD',
  },
];
