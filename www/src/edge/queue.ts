import { gate } from "./abort.js";
import { Failure, orAborted } from "./errors.js";
import type { Call } from "./types.js";

/**
 * The queue of requests. It admits a limited number of them, and runs their engine operations one at a time, in order. A request
 * does not hold the engine from beginning to end: while peers read its windows, this isolate can read a window of another
 * request, or of the same request if it is its own peer.
 */
export class Queue {
  /** Requests in progress or waiting, each with the time of its admission. */
  readonly #admitted = new Map<symbol, number>();
  /** Operations waiting for the engine, in order. */
  readonly #line: { turn: symbol; begin: () => void }[] = [];
  /** The operation in progress, and its start. */
  #turn: symbol | undefined;
  #since = 0;
  /** Moving average of the milliseconds that a request takes, without waiting for others. */
  #pace = 0;

  /**
   * @param most Requests admitted at once.
   * @param patienceMs A runtime may drop a request without any signal, for example when its client disconnects. After this
   *   time, which is longer than any live request takes, its place and turn are freed.
   * @param onStuck Called when a turn is taken from such a request.
   */
  constructor(
    private readonly most: number,
    private readonly patienceMs: number,
    private readonly onStuck: () => void,
  ) {}

  /** Requests admitted beside the first. */
  get waiting(): number {
    return Math.max(0, this.#admitted.size - 1);
  }

  /** Admits a request. Returns a function that it must call when it is done. */
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

  /** Runs `work` in turn. An aborted call rejects at once, but its turn lasts until `work` has ended. */
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
    const { promise, open } = gate();
    const place = { turn, begin: open };
    this.#line.push(place);
    try {
      await orAborted(promise, signal);
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
