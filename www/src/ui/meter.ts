import type { RunEvent } from "../package/api/index.js";

/** A chunk with its measured time. */
type ReadEvent = Extract<RunEvent, { type: "read" }>;

/** The current speed is the average over the last chunks that took this long together. */
const NOW_MS = 1000;

/** Collects the chunks of a run and computes the displayed figures. Independent of the page. */
export class Meter {
  /** Total tokens read at the end of each chunk. */
  readonly positions: number[] = [];
  /** Speed of each chunk, in tokens per second. */
  readonly speeds: number[] = [];
  readonly #chunks: { tokens: number; ms: number }[] = [];
  #done = 0;
  #total = 0;
  #began = 0;
  /** The engine's last forecast, and when it came. */
  #forecast: { leftMs: number; at: number } | null = null;
  #share = 0;

  /** Sets how many tokens the run will read, according to the plan made at `now`. */
  plan(total: number, now = performance.now()): void {
    this.#total = total;
    this.#began = now;
  }

  record({ done, total, tokens, ms, left_ms }: ReadEvent, now = performance.now()): void {
    this.#done = done;
    this.#total = Math.max(total, done);
    this.#forecast = left_ms === null ? null : { leftMs: left_ms, at: now };
    const passed = now - this.#began;
    const share = left_ms === null || passed <= 0 ? done / this.#total : passed / (passed + left_ms);
    // The progress bar must not go back when a forecast was too short.
    this.#share = Math.max(this.#share, share);
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

  /** Milliseconds left at `now`, by the engine's last forecast; null before the first chunk and without a clock. */
  leftMs(now = performance.now()): number | null {
    return this.#forecast && Math.max(0, this.#forecast.leftMs - (now - this.#forecast.at));
  }

  /** Share of the run's time that has passed, from 0 to 1. Never decreases. */
  get share(): number {
    return this.#share;
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
  // A coarse clock may measure 0 ms for a short chunk.
  return (tokens / Math.max(ms, 0.01)) * 1000;
}
