import { unlessAborted } from "./abort.js";

/** Bytes of the first buffer, if nobody says how many will come. */
const FIRST = 16 * 1024;

/**
 * Reads a stream to its end. `grow` gets the size so far before more is kept, and throws if that is too much. After an error, or
 * when `signal` aborts, the rest of the stream is cancelled. The bytes go into one buffer, because many small pieces would take
 * many times their size: into one of `expected` bytes, if as many come.
 */
export async function readAll(body: ReadableStream<Uint8Array> | null, signal: AbortSignal, grow: (size: number) => void, expected = FIRST): Promise<Uint8Array> {
  const reader = body?.getReader();
  if (!reader) return new Uint8Array();
  let buffer = new Uint8Array(expected);
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await unlessAborted(reader.read(), signal);
      if (done) return buffer.subarray(0, size);
      grow(size + value.length);
      if (size + value.length > buffer.length) {
        const larger = new Uint8Array(Math.max(2 * buffer.length, size + value.length));
        larger.set(buffer.subarray(0, size));
        buffer = larger;
      }
      buffer.set(value, size);
      size += value.length;
    }
  } catch (error) {
    void reader.cancel(error).catch(() => {});
    throw error;
  }
}
