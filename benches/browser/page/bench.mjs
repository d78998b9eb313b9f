// The page that run.mjs drives: it holds every system, loaded, and runs one at a time.

import { Candle } from './candle.mjs';
import { Precis } from './precis.mjs';
import { Transformers } from './transformers.mjs';
import { WllamaServer, WllamaTokens } from './wllama.mjs';

/**
 * Each is made for a number of threads, and has `load(model, context)` and
 * `measure({ ids, text }, decode)`. The model is a blob, or a path for those with `fetches`.
 */
const SYSTEMS = {
  precis: (threads) => new Precis('relaxed', threads),
  'precis-threads': (threads) => new Precis('relaxed', threads),
  'precis-simd': (threads) => new Precis('simd', threads),
  // With the type of key/value cache that it is fastest with, but for the last.
  'wllama-3.8.1': (threads) => new WllamaServer('wllama-3.8.1', 'f16', threads),
  'wllama-3.8.1-threads': (threads) => new WllamaServer('wllama-3.8.1', 'f16', threads),
  'wllama-2.4.0': (threads) => new WllamaTokens('wllama-2.4.0', 'f32', threads),
  'wllama-2.3.1': (threads) => new WllamaTokens('wllama-2.3.1', 'f32', threads),
  'wllama-2.3.1-threads': (threads) => new WllamaTokens('wllama-2.3.1', 'f32', threads),
  'wllama-2.3.1-q4_0-threads': (threads) => new WllamaTokens('wllama-2.3.1', 'f32', threads),
  'wllama-2.3.1-threads-f16': (threads) => new WllamaTokens('wllama-2.3.1', 'f16', threads),
  'transformers.js-q8': (threads) => new Transformers(threads),
  'transformers.js-q8-threads': (threads) => new Transformers(threads),
  candle: () => new Candle(),
};

/** Characters around a cut in which tokens of a text and of its beginning may differ. */
const NEAR = 64;

const loaded = new Map();
const ARTICLE = '/tests/fixtures/article.md';

async function fetched(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response;
}

globalThis.bench = {
  /** Loads a system with room for `context` positions and the model at `path`. */
  async load(name, context, threads, path) {
    const system = SYSTEMS[name](threads);
    await system.load(system.fetches ? path : await (await fetched(path)).blob(), context);
    loaded.set(name, system);
  },

  /**
   * The first `tokens` ids of the article, repeated where it is too short, and its beginning that encodes to exactly these, for
   * the system that takes text only.
   */
  async prompt(tokens) {
    const encode = (text) => loaded.get('precis').encode(text);
    const once = await (await fetched(ARTICLE)).text();
    const article = once.repeat(Math.ceil((tokens + NEAR) / (await encode(once)).length));
    const ids = (await encode(article)).slice(0, tokens);
    // A longer text has more tokens, but for a few characters where the cut goes through a word.
    let [short, long] = [0, article.length];
    while (short + 1 < long) {
      const middle = (short + long) >> 1;
      if ((await encode(article.slice(0, middle))).length > tokens) long = middle;
      else short = middle;
    }
    for (let end = long + NEAR; end > long - NEAR; end--) {
      const text = article.slice(0, Math.max(0, end));
      if (String(await encode(text)) === String(ids)) return { ids: [...ids], text };
    }
    throw new Error(`no beginning of the article encodes to its first ${tokens} ids`);
  },

  /**
   * One repetition: `{ prefill_ms, decode_ms, written }`. It feeds the best token back `decode`
   * times; `written` are the tokens fed back.
   */
  measure: (name, prompt, decode) => loaded.get(name).measure(prompt, decode),

  ceiling: (name) => loaded.get(name).ceiling(),
};
