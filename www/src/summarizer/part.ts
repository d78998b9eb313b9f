import { PrecisError } from "./errors.js";

/** Bytes taken from the file at once when it is read back: far below what a phone notices. */
export const SLICE_BYTES = 4 << 20;

/** A download that is under way: grows at its end, and can be started over. */
export interface Part {
  readonly size: number;
  /** Bytes that another attempt would find again. */
  readonly kept: number;
  append(bytes: Uint8Array<ArrayBuffer>): void;
  /** The bytes so far, in slices. */
  slices(): Iterable<Uint8Array<ArrayBuffer>>;
  /** Back to nothing. */
  restart(): void;
  /** Must be called in the end, whatever happened. */
  close(): void;
}

/** A part that lives in the origin private file system and outlives the page. */
export class OpfsPart implements Part {
  size: number;
  readonly #file: FileSystemSyncAccessHandle;

  constructor(file: FileSystemSyncAccessHandle) {
    this.#file = file;
    this.size = file.getSize();
  }

  get kept(): number {
    return this.size;
  }

  append(bytes: Uint8Array<ArrayBuffer>): void {
    let done = 0;
    while (done < bytes.length) {
      const written = this.#file.write(bytes.subarray(done), { at: this.size });
      // A browser that is out of room should throw, and Chromium does not: it returns its own error number, -8, wrapped
      // around to 4294967288 (seen in version 156).
      if (written === 0 || written > bytes.length - done) throw new DOMException("nothing more could be written", "QuotaExceededError");
      done += written;
      this.size += written;
    }
  }

  *slices(): Iterable<Uint8Array<ArrayBuffer>> {
    const slice = new Uint8Array(SLICE_BYTES);
    for (let at = 0; at < this.size; ) {
      const read = this.#file.read(slice, { at });
      if (read === 0) throw new PrecisError("storage-unavailable", "The browser's storage could not be read back. Reload the page and try again.");
      yield slice.subarray(0, read);
      at += read;
    }
  }

  restart(): void {
    this.#file.truncate(0);
    this.size = 0;
  }

  close(): void {
    this.#file.flush();
    this.#file.close();
  }
}

/** A part where the browser offers no storage. It becomes a Blob, which the browser may hold outside of this process. */
export class MemoryPart implements Part {
  size = 0;
  readonly kept = 0;
  #chunks: Uint8Array<ArrayBuffer>[] = [];

  append(bytes: Uint8Array<ArrayBuffer>): void {
    this.#chunks.push(bytes);
    this.size += bytes.length;
  }

  slices(): Iterable<Uint8Array<ArrayBuffer>> {
    return this.#chunks;
  }

  restart(): void {
    this.#chunks = [];
    this.size = 0;
  }

  close(): void {}

  /** All of it; the chunks are let go. */
  intoBlob(): Blob {
    const blob = new Blob(this.#chunks);
    this.restart();
    return blob;
  }
}
