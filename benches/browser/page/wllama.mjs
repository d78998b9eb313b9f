// npm @wllama/wllama (llama.cpp in WebAssembly). It makes its own workers.

/** Tokens of a batch, and (llama.cpp's default too) of the pieces that a batch is computed in. */
const BATCH = 512;

async function open({ name, threads }, wasm, params, model) {
  const root = `/benches/browser/node_modules/${name}/esm/`;
  const { Wllama, LoggerWithoutDebug } = await import(`${root}index.js`);
  const paths = Object.fromEntries(Object.entries(wasm).map(([k, v]) => [k, root + v]));
  const wllama = new Wllama(paths, { suppressNativeLog: true, logger: LoggerWithoutDebug });
  await wllama.loadModel([model], { n_threads: threads, n_batch: BATCH, ...params });
  const count = wllama.getNumThreads();
  if (count !== threads) throw new Error(`${name} runs in ${count} threads`);
  return wllama;
}

/** Version 2: decodes token ids that it is given. */
export class WllamaTokens {
  constructor(name, kv, threads) {
    Object.assign(this, { name, threads });
    this.params = { cache_type_k: kv, cache_type_v: kv };
  }

  async load(model, context) {
    const folders = ['single-thread', 'multi-thread'];
    const wasm = Object.fromEntries(folders.map((f) => [`${f}/wllama.wasm`, `${f}/wllama.wasm`]));
    this.wllama = await open(this, wasm, { n_ctx: context, ...this.params }, model);
    await this.wllama.samplingInit({ temp: 0 });
  }

  async measure({ ids }, decode) {
    const { wllama } = this;
    await wllama.kvClear();
    const started = performance.now();
    const { nPast } = await wllama.decode(ids, {});
    const read = performance.now();
    if (nPast !== ids.length) throw new Error(`${nPast} tokens are in the cache`);
    const written = [];
    for (let i = 0; i < decode; i++) {
      const { token } = await wllama.samplingSample();
      written.push(token);
      await wllama.decode([token], {});
    }
    return { prefill_ms: read - started, decode_ms: performance.now() - read, written };
  }
}

/** Version 3: llama.cpp's server behind one call, which takes text and reports its own times. */
export class WllamaServer {
  constructor(name, kv, threads) {
    Object.assign(this, { name, threads });
    this.params = { cache_type_k: kv, cache_type_v: kv };
    this.written = new Map();
  }

  async load(model, context) {
    const params = { n_ctx: context, n_ubatch: BATCH, n_parallel: 1, n_gpu_layers: 0 };
    this.wllama = await open(
      this,
      { default: 'wasm/wllama.wasm' },
      { ...params, ...this.params },
      model,
    );
  }

  async measure({ ids, text }, decode) {
    // The first token comes from the prompt's logits, so `decode` more are fed back.
    const request = {
      prompt: text,
      max_tokens: decode + 1,
      temperature: 0,
      cache_prompt: false,
      ignore_eos: true,
    };
    const { timings, choices } = await this.wllama.createCompletion(request);
    if (timings.prompt_n !== ids.length || timings.predicted_n !== decode + 1) {
      throw new Error(`read ${timings.prompt_n} and wrote ${timings.predicted_n} tokens`);
    }
    return {
      prefill_ms: timings.prompt_ms,
      decode_ms: timings.predicted_ms,
      written: await this.ids(request, choices[0].text, decode),
    };
  }

  /**
   * The ids of what it wrote. They come only with probabilities, which cost time, so they are
   * asked for once, in a request that is not measured and must give the same text.
   */
  async ids(request, text, decode) {
    if (!this.written.has(text)) {
      const { choices } = await this.wllama.createCompletion({ ...request, logprobs: 1 });
      if (choices[0].text !== text) throw new Error('the same request gave two answers');
      const ids = choices[0].logprobs.content.map(({ id }) => id);
      this.written.set(text, ids.slice(0, decode));
    }
    return this.written.get(text);
  }
}
