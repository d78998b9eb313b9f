/** Model and engine from files, on Node and Bun. */
import { open, readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { createHandler as relaxed } from "./index.js";
import { createHandler as simd } from "./simd.js";
import type { Model } from "./types.js";

/** A model file on disk. Verified only if `sha256` is given. */
export async function fromFile(path: string, { id, sha256 = null }: { id?: string; sha256?: string | null } = {}): Promise<Model> {
  const { size } = await stat(path);
  return { id: id ?? basename(path), sha256, bytes: size, open: () => stream(path) };
}

/** A file, a mebibyte at a time. */
async function stream(path: string): Promise<ReadableStream<Uint8Array>> {
  const file = await open(path);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { bytesRead, buffer } = await file.read(new Uint8Array(1 << 20)).catch(async (error: unknown) => {
          await file.close();
          throw error;
        });
        if (bytesRead > 0) return controller.enqueue(buffer.subarray(0, bytesRead));
        await file.close();
        controller.close();
      },
      cancel: () => file.close(),
    },
    // No reading ahead: bytes stay in memory until they are packed.
    { highWaterMark: 0 },
  );
}

/** The fastest engine that this runtime can run: its compiled `module`, and the `createHandler` that takes it. */
export async function engine(): Promise<{ module: WebAssembly.Module; createHandler: typeof relaxed }> {
  const bytes = await readFile(new URL("./precis-relaxed.wasm", import.meta.url));
  // Node has relaxed SIMD from version 22 on.
  if (WebAssembly.validate(bytes)) return { module: await WebAssembly.compile(bytes), createHandler: relaxed };
  return { module: await WebAssembly.compile(await readFile(new URL("./precis-simd.wasm", import.meta.url))), createHandler: simd };
}
