/** Model files that this engine can't use, as they show it in their headers. */
import { readFileSync } from "node:fs";
import { tinyModel } from "./paths.js";
import { type Behaviour, LARGE } from "./site.js";

/** The place of what follows `name` in the tiny model's header. */
function after(bytes: Buffer, name: string, skip: number): number {
  const at = bytes.indexOf(name);
  if (at < 0) throw new Error(`the fixture has no ${name}`);
  return at + name.length + skip;
}

/** The tiny model with a header that says something else; a value's type and length stand before it. */
function changed(change: (bytes: Buffer) => void): Buffer {
  const bytes = readFileSync(tinyModel);
  change(bytes);
  return bytes;
}

/** By what is unsupported: the file, the code, and what the message names. */
export const UNSUPPORTED: Record<string, { bytes: Buffer; code: string; names: string }> = {
  architecture: {
    bytes: changed((bytes) => bytes.write("mamba", after(bytes, "general.architecture", 12))),
    code: "model-unsupported-architecture",
    names: '"mamba"',
  },
  tokenizer: {
    bytes: changed((bytes) => bytes.write("bert", after(bytes, "tokenizer.ggml.model", 12))),
    code: "model-tokenizer",
    names: "bert",
  },
  // A format that is for activations, so that no weights will ever have it; after the number of dimensions and two of them.
  quant: {
    bytes: changed((bytes) => bytes.writeUInt32LE(15, after(bytes, "blk.1.ffn_down.weight", 20))),
    code: "model-unsupported-quant",
    names: "blk.1.ffn_down.weight",
  },
};

/** The beginning of a large file of this header, and then nothing more. */
export const beginning =
  (header: Buffer): Behaviour =>
  (response) => {
    response.writeHead(200, { "Content-Length": LARGE.bytes, "Accept-Ranges": "bytes" });
    response.write(Buffer.concat([header, Buffer.alloc(1 << 20)]));
  };
