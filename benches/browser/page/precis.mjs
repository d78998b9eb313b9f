import { remote } from './remote.mjs';

/** This project's engine in a worker of its own, in the build `relaxed` or `simd`. */
export class Precis {
  constructor(build, threads) {
    this.how = [build, threads];
    this.call = remote(new URL('precis.worker.mjs', import.meta.url));
  }

  load(model) {
    return this.call('load', ...this.how, model);
  }

  encode(text) {
    return this.call('encode', text);
  }

  measure({ ids }, decode) {
    return this.call('measure', ids, decode);
  }

  peakGmacs() {
    return this.call('peakGmacs');
  }
}
