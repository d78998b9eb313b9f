/** Model and module from files, on Deno. */
import type { Model } from "./types.js";

declare const Deno: {
  open(path: string | URL): Promise<{ readonly readable: ReadableStream<Uint8Array> }>;
  stat(path: string | URL): Promise<{ readonly size: number }>;
  readFile(path: string | URL): Promise<Uint8Array<ArrayBuffer>>;
};

/** A model file on disk. Verified only if `sha256` is given. */
export async function fromFile(path: string | URL, { id, sha256 = null }: { id?: string; sha256?: string | null } = {}): Promise<Model> {
  const { size } = await Deno.stat(path);
  return { id: id ?? String(path).split("/").pop() ?? "", sha256, bytes: size, open: async () => (await Deno.open(path)).readable };
}

/** Compiles `precis/edge/precis.wasm`, which is in the same folder as this file. */
export async function compile(): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await Deno.readFile(new URL("./precis-relaxed.wasm", import.meta.url)));
}
