import { cancelled } from "../api/errors.js";
import { type Part, SLICE_BYTES } from "./part.js";

/** The engine's incremental SHA-256. */
export interface Hash {
  update(bytes: Uint8Array): void;
  /** Lower-case hex. */
  finish(): string;
  free(): void;
}

/** Hashes a part in the order of its bytes, while they arrive in any order. */
export class Digest {
  readonly #part: Part;
  readonly #hash: Hash;
  /** Number of bytes hashed. */
  #done = 0;

  constructor(part: Part, hash: Hash) {
    this.#part = part;
    this.#hash = hash;
  }

  /** Called after `bytes` were written at `at`. Hashes them if they are next, or else a slice of earlier bytes. */
  take(bytes: Uint8Array<ArrayBuffer>, at: number): void {
    if (at !== this.#done) return this.#slice();
    this.#hash.update(bytes);
    this.#done += bytes.length;
  }

  /** Starts again, because the part did. */
  restart(): void {
    this.#hash.finish();
    this.#done = 0;
  }

  /** Hashes the remaining bytes and returns the digest. Yields between slices, so that `signal` can stop it. */
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
