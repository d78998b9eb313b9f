import { Failure, orAborted } from "./errors.js";
import type { Call } from "./types.js";

/**
 * Who computes when. Requests are admitted up to a bound; what they ask of the engine is done one at a time, in order. A
 * request doesn't hold the engine from beginning to end: while its windows are read elsewhere, somebody else's may be read
 * here, even by way of itself.
 */
export class Queue {
  /** Requests in progress or waiting, each with the time of its admission. */
  readonly #admitted = new Map<symbol, number>();
  /** Whoever waits for the engine, in order. */
  readonly #line: { turn: symbol; begin: () => void }[] = [];
  /** Whose turn it is, and since when. */
  #turn: symbol | undefined;
  #since = 0;
  /** Milliseconds that a request took lately, without what it waited for others. */
  #pace = 0;

  /**
   * @param most Requests admitted at once.
   * @param patienceMs A runtime may drop a request without a word, such as one whose client went away. What it held is
   *   free again when no request that lives could still hold it.
   * @param onStuck Called when a turn is taken from such a request.
   */
  constructor(
    private readonly most: number,
    private readonly patienceMs: number,
    private readonly onStuck: () => void,
  ) {}

  /** Requests that wait for another. */
  get waiting(): number {
    return Math.max(0, this.#admitted.size - 1);
  }

  /** Admits a request until it calls what this returns. */
  admit(): () => void {
    const began = Date.now();
    for (const [request, since] of this.#admitted) if (began - since > this.patienceMs) this.#admitted.delete(request);
    if (this.#admitted.size >= this.most) {
      const seconds = Math.max(1, Math.ceil(this.#pace / 1000));
      throw new Failure("busy", `Too many documents are being read. Try again in ${seconds} s.`, { headers: { "Retry-After": String(seconds) } });
    }
    const request = Symbol();
    this.#admitted.set(request, began);
    const place = this.#admitted.size;
    return () => {
      if (!this.#admitted.delete(request)) return;
      const pace = (Date.now() - began) / place;
      this.#pace = this.#pace === 0 ? pace : 0.7 * this.#pace + 0.3 * pace;
    };
  }

  /** Does `work` when it is its turn. A caller that is aborted leaves at once; its turn ends when its work does. */
  async turn<T>(call: Call, work: () => Promise<T>): Promise<T> {
    call.signal.throwIfAborted();
    const turn = Symbol();
    await this.#begin(turn, call.signal);
    const done = work().finally(() => this.#end(turn));
    call.keep(done);
    return orAborted(done, call.signal);
  }

  async #begin(turn: symbol, signal: AbortSignal): Promise<void> {
    if (this.#turn && Date.now() - this.#since > this.patienceMs) {
      this.onStuck();
      this.#turn = undefined;
    }
    if (!this.#turn) return this.#give(turn);
    const { promise, begin } = gate();
    const place = { turn, begin };
    this.#line.push(place);
    try {
      await orAborted(promise, signal);
    } catch (error) {
      const at = this.#line.indexOf(place);
      // Aborted in the moment between being called and coming: the turn goes on to the next.
      if (at < 0) this.#end(turn);
      else this.#line.splice(at, 1);
      throw error;
    }
  }

  #end(turn: symbol): void {
    // Taken away meanwhile.
    if (this.#turn !== turn) return;
    const next = this.#line.shift();
    this.#give(next?.turn);
    next?.begin();
  }

  #give(turn: symbol | undefined): void {
    this.#turn = turn;
    this.#since = Date.now();
  }
}

/** A promise that `begin` fulfils. */
function gate(): { promise: Promise<void>; begin: () => void } {
  let begin = () => {};
  const promise = new Promise<void>((resolve) => (begin = resolve));
  return { promise, begin };
}
