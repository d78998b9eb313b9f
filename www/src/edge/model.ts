import type { Fetch, Model } from "./types.js";

/** What `model/manifest.json` says of the shards beside it. */
export interface Manifest {
  readonly id: string;
  /** Of the whole file, lower-case hex. */
  readonly sha256: string;
  readonly bytes: number;
  /** How many files `model/0.bin`, `model/1.bin`, … it was cut into. */
  readonly shards: number;
}

/** What is known of a model file beside where it lies. */
export type Known = Pick<Model, "id" | "sha256" | "bytes">;

/** The part of Cloudflare's R2 that is used here. */
export interface Bucket {
  get(key: string): Promise<{ readonly body: ReadableStream<Uint8Array> } | null>;
}

/** A model among a Worker's static assets, whose files have at most 25 MiB and which is therefore cut up. */
export function fromAssets(assets: { fetch: Fetch }, { id, sha256, bytes, shards }: Manifest): Model {
  const open = async (shard: number) => bodyOf(await assets.fetch(new Request(`https://assets.invalid/model/${shard}.bin`)), `model/${shard}.bin`);
  return { id, sha256, bytes, open: () => oneAfterTheOther(Array.from({ length: shards }, (_, shard) => () => open(shard))) };
}

/** A model in an R2 bucket. */
export function fromR2(bucket: Bucket, key: string, known: Known): Model {
  return {
    ...known,
    async open() {
      const object = await bucket.get(key);
      if (!object) throw new Error(`${key} is not in the bucket`);
      return object.body;
    },
  };
}

/** A model at an address, or cut up at several. */
export function fromUrl(urls: string | readonly string[], known: Known): Model {
  const parts = typeof urls === "string" ? [urls] : urls;
  return { ...known, open: () => oneAfterTheOther(parts.map((url) => async () => bodyOf(await fetch(url), url))) };
}

function bodyOf(response: Response, name: string): ReadableStream<Uint8Array> {
  if (response.ok && response.body) return response.body;
  throw new Error(`${name}: status ${response.status}`);
}

/** What `parts` open, as one stream. The first is opened at once: that it is missing shows before anything is made ready for it. */
async function oneAfterTheOther(parts: readonly (() => Promise<ReadableStream<Uint8Array>>)[]): Promise<ReadableStream<Uint8Array>> {
  let next = 0;
  const open = async () => (await parts[next++]?.())?.getReader();
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
    // Nothing is read ahead: what is read lies in memory until it is packed.
    { highWaterMark: 0 },
  );
}
