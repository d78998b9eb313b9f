/** The speed is an average over this time. */
const WINDOW_MS = 5000;

/** Computes the speed and remaining time of a download. */
export class Rate {
  /** Loaded bytes at times of the last seconds, the oldest first. */
  readonly #samples: { at: number; bytes: number }[] = [];

  /** Records that `bytes` are loaded at the time `at`, in milliseconds. */
  note(bytes: number, at: number): void {
    this.#samples.push({ at, bytes });
    // Keep one older sample: it is the start of the interval.
    while (this.#samples.length > 2 && this.#samples[1]!.at <= at - WINDOW_MS) this.#samples.shift();
  }

  /** Null until bytes have arrived between two samples. */
  get bytesPerSecond(): number | null {
    const [first, last] = [this.#samples.at(0), this.#samples.at(-1)];
    if (!first || !last || last.at <= first.at || last.bytes <= first.bytes) return null;
    return ((last.bytes - first.bytes) / (last.at - first.at)) * 1000;
  }

  /** Seconds until `total` bytes are loaded; null if unknown. */
  secondsLeft(total: number | null): number | null {
    const speed = this.bytesPerSecond;
    const last = this.#samples.at(-1);
    return speed === null || total === null || !last ? null : Math.max(0, total - last.bytes) / speed;
  }
}
