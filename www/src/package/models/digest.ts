import { cancelled } from "../api/errors.js";
import { type Part, SLICE_BYTES } from "./part.js";

/** The engine's hash, fed while bytes arrive. */
export interface Hash {
  update(bytes: Uint8Array): void;
  /** Lower-case hex. */
  finish(): string;
  free(): void;
}

/** Hashes a part in the order of its bytes, in whichever order they come. */
export class Digest {
  readonly #part: Part;
  readonly #hash: Hash;
  /** How far it is. */
  #done = 0;

  constructor(part: Part, hash: Hash) {
    this.#part = part;
    this.#hash = hash;
  }

  /** These bytes have been written: takes them in, or else a slice of those that are there already. */
  take(bytes: Uint8Array<ArrayBuffer>, at: number): void {
    if (at !== this.#done) return this.#slice();
    this.#hash.update(bytes);
    this.#done += bytes.length;
  }

  /** The part was started over. */
  restart(): void {
    this.#hash.finish();
    this.#done = 0;
  }

  /** The digest of all that is there. Lets others run between slices, so that `signal` can stop it. */
  async finish(signal: AbortSignal): Promise<string> {
    while (this.#done < this.#part.prefix) {
      this.#slice();
      await new Promise((resolve) => setTimeout(resolve));
      if (signal.aborted) throw cancelled();
    }
    return this.#hash.finish();
  }

  free(): void {
    this.#hash.free();
  }

  #slice(): void {
    const end = Math.min(this.#part.prefix, this.#done + SLICE_BYTES);
    if (end <= this.#done) return;
    this.#hash.update(this.#part.read({ start: this.#done, end }));
    this.#done = end;
  }
}
