import type { RunEvent } from "../summarizer/index.js";

/** One chunk as the engine timed it. */
type ReadEvent = Extract<RunEvent, { type: "read" }>;

/** "Now" is the last chunks that took this long together: steady enough to read, quick enough to follow. */
const NOW_MS = 1000;
/** The forecast looks further back, so that it does not jump. */
const FORECAST_MS = 5000;

/** Gathers the chunks of a run and works out what the dials show. Knows nothing of the page. */
export class Meter {
  /** Tokens read in all, at the end of each chunk. */
  readonly positions: number[] = [];
  /** Speed of each chunk, tokens per second. */
  readonly speeds: number[] = [];
  readonly #chunks: { tokens: number; ms: number }[] = [];
  #done = 0;
  #total = 0;

  /** How many tokens the run will read, as far as the plan knows. */
  plan(total: number): void {
    this.#total = total;
  }

  record({ done, total, tokens, ms }: ReadEvent): void {
    this.#done = done;
    this.#total = Math.max(total, done);
    // Without a clock there is no speed to show.
    if (ms === null) return;
    this.#chunks.push({ tokens, ms });
    this.positions.push(done);
    this.speeds.push(perSecond(tokens, ms));
  }

  get done(): number {
    return this.#done;
  }

  get total(): number {
    return this.#total;
  }

  /** Tokens per second now; null before the first chunk. */
  get speed(): number | null {
    return this.#over(NOW_MS);
  }

  /** Forecast of the reading that is left, in milliseconds; null before the first chunk. */
  get leftMs(): number | null {
    const speed = this.#over(FORECAST_MS);
    return speed ? ((this.#total - this.#done) / speed) * 1000 : null;
  }

  #over(span: number): number | null {
    let tokens = 0;
    let ms = 0;
    for (let i = this.#chunks.length - 1; i >= 0 && ms < span; i--) {
      tokens += this.#chunks[i]!.tokens;
      ms += this.#chunks[i]!.ms;
    }
    return ms > 0 ? perSecond(tokens, ms) : null;
  }
}

function perSecond(tokens: number, ms: number): number {
  // A coarse clock may say 0 ms for a short chunk.
  return (tokens / Math.max(ms, 0.01)) * 1000;
}
