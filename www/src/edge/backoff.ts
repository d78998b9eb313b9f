/** Seconds after the first failure, and after many. */
const [FIRST, MOST] = [1, 300];

/** How long to wait before the next attempt: twice as long after each failure in a row. */
export class Backoff {
  #failures = 0;
  #until = 0;

  get failures(): number {
    return this.#failures;
  }

  /** Seconds until the next attempt; 0 if it may be made now. */
  get seconds(): number {
    return Math.max(0, Math.ceil((this.#until - Date.now()) / 1000));
  }

  failed(): void {
    this.#until = Date.now() + Math.min(MOST, FIRST * 2 ** this.#failures++) * 1000;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#until = 0;
  }
}
