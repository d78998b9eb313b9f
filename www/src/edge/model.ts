import type { Fetch, Model } from "./types.js";

/** Contents of `model/manifest.json`, which describes the shards in its folder. */
export interface Manifest {
  readonly id: string;
  /** SHA-256 of the whole file, in lower-case hex. */
  readonly sha256: string;
  readonly bytes: number;
  /** Number of files `model/0.bin`, `model/1.bin`, … */
  readonly shards: number;
}

/** Facts about a model file, without its location. */
export type Known = Pick<Model, "id" | "sha256" | "bytes">;

/** The part of Cloudflare's R2 API that is used here. */
export interface Bucket {
  get(key: string): Promise<{ readonly body: ReadableStream<Uint8Array> } | null>;
}

/** A model in a Worker's static assets. It is split, because each asset has at most 25 MiB. */
export function fromAssets(assets: { fetch: Fetch }, { id, sha256, bytes, shards }: Manifest): Model {
  const open = async (shard: number) => bodyOf(await assets.fetch(new Request(`https://assets.invalid/model/${shard}.bin`)), `model/${shard}.bin`);
  return { id, sha256, bytes, open: () => oneAfterTheOther(Array.from({ length: shards }, (_, shard) => () => open(shard))) };
}

/** A model in an R2 bucket. */
export function fromR2(bucket: Bucket, key: string, known: Known): Model {
  return {
    ...known,
    open() {
      const body = async () => {
        const object = await bucket.get(key);
        if (!object) throw new Error(`${key} is not in the bucket`);
        return object.body;
      };
      return oneAfterTheOther([body]);
    },
  };
}

/** A model at one address, or in parts at several. */
export function fromUrl(urls: string | readonly string[], known: Known): Model {
  const parts = typeof urls === "string" ? [urls] : urls;
  return { ...known, open: () => oneAfterTheOther(parts.map((url) => async () => bodyOf(await fetch(url), url))) };
}

function bodyOf(response: Response, name: string): ReadableStream<Uint8Array> {
  if (response.ok && response.body) return response.body;
  throw new Error(`${name}: status ${response.status}`);
}

/** Joins `parts` into one stream. A piece is valid until the next one is asked for, because both may be in one buffer. Opens the first at once, so that a missing model fails before anything is allocated. */
async function oneAfterTheOther(parts: readonly (() => Promise<ReadableStream<Uint8Array>>)[]): Promise<ReadableStream<Uint8Array>> {
  let next = 0;
  const open = async () => {
    const part = await parts[next++]?.();
    return part && readerOf(part);
  };
  let reader = await open();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        while (reader) {
          const { done, value } = await reader.read();
          if (!done) return controller.enqueue(value);
          reader = await open();
        }
        controller.close();
      },
      cancel: (reason) => reader?.cancel(reason),
    },
    // No reading ahead: bytes stay in memory until they are packed.
    { highWaterMark: 0 },
  );
}

type Reader = Pick<ReadableStreamDefaultReader<Uint8Array>, "read" | "cancel">;

/** Cloudflare's addition to the standard reader: waits for at least so many bytes. */
interface AtLeast {
  readAtLeast?(bytes: number, view: Uint8Array): Promise<ReadableStreamReadResult<Uint8Array>>;
}

/** Bytes that are read at a time on Cloudflare. */
const PIECE = 1 << 15;

/**
 * A reader of a stream. Workers read 4 kB at a time if they aren't told otherwise, and the objects of 24,000 such pieces take 13 MB of
 * an isolate's 128 until they are collected. A buffer for each piece can take 20 MB, so there is one for all.
 */
function readerOf(stream: ReadableStream<Uint8Array>): Reader {
  try {
    const reader = stream.getReader({ mode: "byob" }) as ReadableStreamBYOBReader & AtLeast;
    let buffer = new ArrayBuffer(PIECE);
    const read = async () => {
      const piece = await reader.readAtLeast!(PIECE, new Uint8Array(buffer));
      // The reader takes the buffer, and hands it back.
      if (piece.value) buffer = piece.value.buffer as ArrayBuffer;
      return piece;
    };
    if (reader.readAtLeast) return { read, cancel: (reason) => reader.cancel(reason) };
    reader.releaseLock();
  } catch {
    // Not a stream of bytes.
  }
  return stream.getReader();
}
