// Splits a model file into static assets for Cloudflare (at most 25 MiB each) and writes a manifest.
//
//   node shard.mjs MODEL.gguf [--id ID] [--bytes 25165824]

import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, readSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { id: { type: "string" }, bytes: { type: "string", default: String(24 * 1024 * 1024) } },
});
const [model] = positionals;
const size = Number(values.bytes);
if (!model || !(size >= 1)) {
  console.error("usage: node shard.mjs MODEL.gguf [--id ID] [--bytes 25165824]");
  process.exit(2);
}

const folder = fileURLToPath(new URL("assets/model/", import.meta.url));
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const hash = createHash("sha256");
const piece = Buffer.alloc(size);
const file = openSync(model, "r");
let [bytes, shards] = [0, 0];
for (;;) {
  const length = readSync(file, piece, 0, size, bytes);
  if (length === 0) break;
  hash.update(piece.subarray(0, length));
  writeFileSync(`${folder}${shards}.bin`, piece.subarray(0, length));
  bytes += length;
  shards++;
}
closeSync(file);
const manifest = { id: values.id ?? basename(model, ".gguf"), sha256: hash.digest("hex"), bytes, shards };
writeFileSync(`${folder}manifest.json`, `${JSON.stringify(manifest, null, 2)}\n`);
console.log(`${shards} files and manifest.json in ${folder}`);
