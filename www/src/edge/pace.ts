/** What remains of earlier times with each new one. */
const KEPT = 0.7;

/** Milliseconds after which a speed is not believed any more: the machine may have other work to do now. */
const LIFETIME_MS = 600_000;

/** Shorter texts show no speed: what each note takes in any case, the prompt and the answer, is most of their time. */
const LEAST_CHARACTERS = 1000;

/** The speed of one reader of windows: an average over the last ones, in which long windows count most. */
export class Pace {
  #ms = 0;
  #characters = 0;
  #at = -Infinity;
  #samples = 0;

  /** Number of texts whose times are known. */
  get samples(): number {
    return this.#samples;
  }

  took(characters: number, ms: number): void {
    if (characters < LEAST_CHARACTERS) return;
    this.#samples++;
    this.#ms = KEPT * this.#ms + ms;
    this.#characters = KEPT * this.#characters + characters;
    this.#at = Date.now();
  }

  /** Milliseconds that so many characters should take; undefined if that is not known. */
  of(characters: number): number | undefined {
    return Date.now() - this.#at > LIFETIME_MS ? undefined : (characters * this.#ms) / this.#characters;
  }
}
