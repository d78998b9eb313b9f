/** The speed shown is of this long: steady enough to read, quick enough to follow. */
const WINDOW_MS = 5000;

/** Works out how fast a download is and how long it takes still. */
export class Rate {
  /** Bytes that were there at moments of the last seconds, the oldest first. */
  readonly #samples: { at: number; bytes: number }[] = [];

  /** `bytes` are there, at this moment in milliseconds. */
  note(bytes: number, at: number): void {
    this.#samples.push({ at, bytes });
    // The last sample that is old enough stays: it is where the window begins.
    while (this.#samples.length > 2 && this.#samples[1]!.at <= at - WINDOW_MS) this.#samples.shift();
  }

  /** Null until there is something to compare. */
  get bytesPerSecond(): number | null {
    const [first, last] = [this.#samples.at(0), this.#samples.at(-1)];
    if (!first || !last || last.at <= first.at || last.bytes <= first.bytes) return null;
    return ((last.bytes - first.bytes) / (last.at - first.at)) * 1000;
  }

  /** Until `total` bytes are there; null while that can't be said. */
  secondsLeft(total: number | null): number | null {
    const speed = this.bytesPerSecond;
    const last = this.#samples.at(-1);
    return speed === null || total === null || !last ? null : Math.max(0, total - last.bytes) / speed;
  }
}
