/** Share of the newest time in the average. */
const NEWEST = 0.3;

/** The speed of one reader of windows, as a moving average of its milliseconds per character. */
export class Pace {
  #perCharacter: number | undefined;

  took(characters: number, ms: number): void {
    const pace = ms / characters;
    this.#perCharacter = this.#perCharacter === undefined ? pace : (1 - NEWEST) * this.#perCharacter + NEWEST * pace;
  }

  /** Milliseconds that so many characters should take; undefined before the first. */
  of(characters: number): number | undefined {
    return this.#perCharacter === undefined ? undefined : this.#perCharacter * characters;
  }
}
