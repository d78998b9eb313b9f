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

  /**
   * What a token costs, and the most that this engine's kernel and copying memory (read and
   * written, on as many threads) make of the machine at this moment.
   */
  async ceiling() {
    const copier = () => remote(new URL('copy.worker.mjs', import.meta.url));
    this.copiers ??= Array.from({ length: this.how[1] }, copier);
    const ceiling = await this.call('ceiling');
    const speeds = await Promise.all(this.copiers.map((copy) => copy('copy')));
    return { ...ceiling, copy_gbs: speeds.reduce((sum, speed) => sum + speed) };
  }
}
