import { PrecisError } from "../api/errors.js";
import { gaps, length, type Span, withSpan } from "./spans.js";

/** Bytes read from the file at once. Small enough for the memory of phones. */
export const SLICE_BYTES = 4 << 20;

/** Maximum spans in the table. Four connections leave four, and each interruption a few more. */
const TABLE_SPANS = 64;

/** Two 64-bit floats per span, in the machine's byte order. */
const TABLE_BYTES = TABLE_SPANS * 2 * Float64Array.BYTES_PER_ELEMENT;

/** A partial download. */
export interface Part {
  /** Number of bytes from the beginning without a gap. */
  readonly prefix: number;
  /** Number of all bytes present. */
  readonly size: number;
  /** Number of bytes that another attempt can reuse. */
  readonly kept: number;
  /** Missing spans of a file of `total` bytes. */
  missing(total: number): Span[];
  write(bytes: Uint8Array<ArrayBuffer>, at: number): void;
  /** Reads a span that is present. */
  read(span: Span): Uint8Array<ArrayBuffer>;
  /** Prepares for writing a file of `total` bytes in any order; false if that is not possible. */
  spread(total: number): boolean;
  /** Deletes all bytes. */
  restart(): void;
  /** Must be called at the end, also after errors. */
  close(): void;
}

/**
 * A part in the origin private file system, which outlives the page. While it grows only at its end, the file's size says which
 * bytes are present. After `spread`, a table of spans behind the last byte does. The table is in the same file, so that neither can
 * exist without the other.
 */
export class OpfsPart implements Part {
  readonly #file: FileSystemSyncAccessHandle;
  #spans: Span[];
  /** Offset of the table; null if there is none. */
  #table: number | null = null;

  /** `total` is the size of the complete file; null if unknown. */
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

  /** Size in storage, in bytes. */
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
      if (read === 0) throw new PrecisError("storage-unavailable", "The browser's storage could not be read. Reload the page and try again.");
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

  /** Removes the table if the file is complete. */
  close(): void {
    try {
      if (this.#table !== null && this.prefix === this.#table) this.#file.truncate(this.#table);
      this.#file.flush();
    } finally {
      // Or no other tab could use the file.
      this.#file.close();
    }
  }

  #writeTable(): void {
    if (this.#table === null) return;
    const table = new Float64Array(TABLE_SPANS * 2);
    // Spans that do not fit are fetched again.
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

/** Reads the table behind `total` bytes; null if it is invalid. */
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

/** A part in memory, for browsers without storage. It becomes a Blob, which the browser may keep outside of this process. */
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

  /** `at` is always the end, because `spread` returns false. */
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

  /** Returns all bytes and frees the chunks. */
  intoBlob(): Blob {
    const blob = new Blob(this.#chunks);
    this.restart();
    return blob;
  }
}
