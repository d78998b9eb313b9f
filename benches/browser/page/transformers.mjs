import { remote } from './remote.mjs';

/** npm @huggingface/transformers in a worker. It fetches the files of its model itself. */
export class Transformers {
  fetches = true;
  call = remote(new URL('transformers.worker.mjs', import.meta.url));

  constructor(threads) {
    this.threads = threads;
  }

  async load(path) {
    await this.call('load', path, this.threads);
  }

  measure({ ids }, decode) {
    return this.call('measure', ids, decode);
  }
}
