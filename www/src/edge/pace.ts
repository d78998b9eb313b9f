/** What remains of earlier times with each new one. */
const KEPT = 0.7;

/** Milliseconds after which a speed is not believed any more: the machine may have other work to do now. */
const LIFETIME_MS = 600_000;

/** The speed of one reader of windows: an average over the last ones, in which long windows count most. */
export class Pace {
  #ms = 0;
  #characters = 0;
  #at = -Infinity;

  took(characters: number, ms: number): void {
    this.#ms = KEPT * this.#ms + ms;
    this.#characters = KEPT * this.#characters + characters;
    this.#at = Date.now();
  }

  /** Milliseconds that so many characters should take; undefined if that is not known. */
  of(characters: number): number | undefined {
    return Date.now() - this.#at > LIFETIME_MS ? undefined : (characters * this.#ms) / this.#characters;
  }
}
