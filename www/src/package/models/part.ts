import { PrecisError } from "../api/errors.js";
import { gaps, length, type Span, withSpan } from "./spans.js";

/** Bytes taken from the file at once when it is read back: far below what a phone notices. */
export const SLICE_BYTES = 4 << 20;

/** The most spans that a table holds: four connections leave four, and each of some interruptions a few more. */
const TABLE_SPANS = 64;

/** Two 64-bit floats a span, as this machine has them. */
const TABLE_BYTES = TABLE_SPANS * 2 * Float64Array.BYTES_PER_ELEMENT;

/** A download that is under way. */
export interface Part {
  /** Bytes that are there from the beginning on, without a gap. */
  readonly prefix: number;
  /** All bytes that are there. */
  readonly size: number;
  /** Bytes that another attempt would find again. */
  readonly kept: number;
  /** What a file of `total` bytes still lacks. */
  missing(total: number): Span[];
  write(bytes: Uint8Array<ArrayBuffer>, at: number): void;
  /** Some of the bytes, all of which are there. */
  read(span: Span): Uint8Array<ArrayBuffer>;
  /** Prepares for bytes of a file of `total` bytes that come in any order; false where this can't be. */
  spread(total: number): boolean;
  /** Back to nothing. */
  restart(): void;
  /** Must be called in the end, whatever happened. */
  close(): void;
}

/**
 * A part that lives in the origin private file system and outlives the page. As long as it grows at its end, the file's size
 * says what is there. Once it is spread, a table behind the place of the last byte does; it is in the same file so that
 * neither is ever there without the other.
 */
export class OpfsPart implements Part {
  readonly #file: FileSystemSyncAccessHandle;
  #spans: Span[];
  /** Where the table begins; null where there is none. */
  #table: number | null = null;

  /** `total` is the size of the whole, where it is known. */
  constructor(file: FileSystemSyncAccessHandle, total: number | null) {
    this.#file = file;
    const size = file.getSize();
    this.#spans = size > 0 ? [{ start: 0, end: size }] : [];
    if (total === null || size <= total) return;
    const spans = size === total + TABLE_BYTES ? readTable(file, total) : null;
    if (!spans) this.restart();
    else [this.#spans, this.#table] = [spans, total];
  }

  get prefix(): number {
    return this.#spans[0]?.start === 0 ? this.#spans[0].end : 0;
  }

  get size(): number {
    return this.#spans.reduce((sum, span) => sum + length(span), 0);
  }

  get kept(): number {
    return this.size;
  }

  /** Bytes of storage that it takes now. */
  get stored(): number {
    return this.#file.getSize();
  }

  missing(total: number): Span[] {
    return gaps(this.#spans, total);
  }

  write(bytes: Uint8Array<ArrayBuffer>, at: number): void {
    this.#put(bytes, at);
    this.#spans = withSpan(this.#spans, { start: at, end: at + bytes.length });
    this.#writeTable();
  }

  read({ start, end }: Span): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(end - start);
    for (let done = 0; done < bytes.length; ) {
      const read = this.#file.read(bytes.subarray(done), { at: start + done });
      if (read === 0) throw new PrecisError("storage-unavailable", "The browser's storage could not be read back. Reload the page and try again.");
      done += read;
    }
    return bytes;
  }

  spread(total: number): boolean {
    this.#table ??= total;
    this.#writeTable();
    return true;
  }

  restart(): void {
    this.#file.truncate(0);
    this.#spans = [];
    this.#table = null;
  }

  /** The table goes when there is nothing more to say in it. */
  close(): void {
    if (this.#table !== null && this.prefix === this.#table) this.#file.truncate(this.#table);
    this.#file.flush();
    this.#file.close();
  }

  #writeTable(): void {
    if (this.#table === null) return;
    const table = new Float64Array(TABLE_SPANS * 2);
    // What does not fit is fetched again.
    table.set(this.#spans.slice(0, TABLE_SPANS).flatMap(({ start, end }) => [start, end]));
    this.#put(new Uint8Array(table.buffer), this.#table);
  }

  #put(bytes: Uint8Array<ArrayBuffer>, at: number): void {
    let done = 0;
    while (done < bytes.length) {
      const written = this.#file.write(bytes.subarray(done), { at: at + done });
      // A browser that is out of room should throw, and Chromium does not: it returns its own error number, -8, wrapped
      // around to 4294967288 (seen in version 156).
      if (written === 0 || written > bytes.length - done) throw new DOMException("nothing more could be written", "QuotaExceededError");
      done += written;
    }
  }
}

/** The table behind `total` bytes; null where it makes no sense. */
function readTable(file: FileSystemSyncAccessHandle, total: number): Span[] | null {
  const table = new Float64Array(TABLE_SPANS * 2);
  if (file.read(new Uint8Array(table.buffer), { at: total }) !== TABLE_BYTES) return null;
  const spans: Span[] = [];
  for (let i = 0; i < table.length && table[i + 1]! > 0; i += 2) {
    const [start, end] = [table[i]!, table[i + 1]!];
    const valid = Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= (spans.at(-1)?.end ?? 0) && start < end && end <= total;
    if (!valid) return null;
    spans.push({ start, end });
  }
  return spans;
}

/** A part where the browser offers no storage. It becomes a Blob, which the browser may hold outside of this process. */
export class MemoryPart implements Part {
  size = 0;
  readonly kept = 0;
  #chunks: Uint8Array<ArrayBuffer>[] = [];

  get prefix(): number {
    return this.size;
  }

  missing(total: number): Span[] {
    return gaps([{ start: 0, end: this.size }], total);
  }

  /** `at` is its end: it is never spread. */
  write(bytes: Uint8Array<ArrayBuffer>, _at: number): void {
    this.#chunks.push(bytes);
    this.size += bytes.length;
  }

  read({ start, end }: Span): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(end - start);
    let at = 0;
    for (const chunk of this.#chunks) {
      if (at >= end) break;
      const from = Math.max(start - at, 0);
      if (from < chunk.length) bytes.set(chunk.subarray(from, end - at), at + from - start);
      at += chunk.length;
    }
    return bytes;
  }

  spread(): boolean {
    return false;
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
