import { remote } from './remote.mjs';

/** candle-transformers' quantized_llama in a worker. */
export class Candle {
  call = remote(new URL('candle.worker.mjs', import.meta.url));

  async load(model) {
    await this.call('load', model);
  }

  measure({ ids }, decode) {
    return this.call('measure', ids, decode);
  }
}
