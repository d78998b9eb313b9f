import { gate, unlessAborted } from "./abort.js";
import type { Call } from "./types.js";

/**
 * The queue for the engine, which runs operations one at a time, in order. A request does not hold the engine from beginning to
 * end: while peers read its windows, this isolate can read a window of another request, or of the same request if it is its own
 * peer.
 */
export class Queue {
  /** Operations waiting for the engine, in order. */
  readonly #line: { turn: symbol; begin: () => void }[] = [];
  /** The operation in progress, and its start. */
  #turn: symbol | undefined;
  #since = 0;

  /**
   * @param patienceMs A runtime may drop a request without any signal, for example when its client disconnects. After this
   *   time, which is longer than any live request takes, its turn is over.
   * @param onStuck Called when a turn is taken from such a request.
   */
  constructor(
    private readonly patienceMs: number,
    private readonly onStuck: () => void,
  ) {}

  /** Runs `work` in turn. An aborted call rejects at once, but its turn lasts until `work` has ended. */
  async turn<T>(call: Call, work: () => Promise<T>): Promise<T> {
    call.signal.throwIfAborted();
    const turn = Symbol();
    await this.#begin(turn, call.signal);
    const done = work().finally(() => this.#end(turn));
    call.keep(done);
    return unlessAborted(done, call.signal);
  }

  async #begin(turn: symbol, signal: AbortSignal): Promise<void> {
    if (this.#turn && Date.now() - this.#since > this.patienceMs) {
      this.onStuck();
      this.#turn = undefined;
    }
    if (!this.#turn) return this.#give(turn);
    const { promise, open } = gate();
    const place = { turn, begin: open };
    this.#line.push(place);
    try {
      await unlessAborted(promise, signal);
    } catch (error) {
      const at = this.#line.indexOf(place);
      // Aborted after the turn was given but before it began: pass it on.
      if (at < 0) this.#end(turn);
      else this.#line.splice(at, 1);
      throw error;
    }
  }

  #end(turn: symbol): void {
    // This turn was taken away in the meantime.
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
