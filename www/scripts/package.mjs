// Leaves the npm package in www/pkg: the scripts for pages, the engine's assets, the edge's modules, types, the catalogue,
// package.json and the texts.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { writeInstances } from "./edge-glue.mjs";

const www = fileURLToPath(new URL("..", import.meta.url));
const repository = join(www, "..");
const source = join(www, "src/package");
const edge = join(www, "src/edge");
const pkg = join(www, "pkg");
const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");

const ASSETS = ["precis-worker.js", "precis-thread.js", "precis-simd.wasm", "precis-relaxed.wasm"];
const BUILDS = ["simd", "relaxed"];

const built = [...ASSETS.map((name) => join(source, "assets", name)), ...BUILDS.map((build) => join(edge, `precis-${build}.wasm`))];
for (const file of built) {
  if (existsSync(file)) continue;
  console.error(`${file} is missing: \`cargo xtask build\` makes it.`);
  process.exit(1);
}
writeInstances();
rmSync(pkg, { recursive: true, force: true });

// Two entries of the same engine, which must be one module for both.
const bundle = await rolldown({ input: { index: join(source, "api/index.ts"), polyfill: join(source, "api/polyfill.ts") }, transform: { target: "es2022" } });
await bundle.write({ dir: pkg, format: "es", chunkFileNames: "summarizer.js" });

for (const project of ["tsconfig.package.json", "tsconfig.edge.json", "tsconfig.edge-node.json"]) {
  execFileSync(process.execPath, [tsc, "--project", join(www, project), "--noEmit", "false"], { stdio: "inherit" });
}
const types = join(pkg, "types");
cpSync(join(types, "www/src/package"), pkg, { recursive: true });
rmSync(types, { recursive: true });
writeTypes(join(source, "wasm/simd/precis.d.ts"), pkg);
writeTypes(join(edge, "wasm/relaxed/precis.d.ts"), join(pkg, "edge"));

copy(ASSETS, join(source, "assets"), join(pkg, "assets"));
for (const build of BUILDS) {
  copy([`precis-${build}.wasm`], edge, join(pkg, "edge"));
  writeFileSync(join(pkg, `edge/precis-${build}.wasm.d.ts`), "/** The engine for the edge, as bundlers of workers import it. */\ndeclare const module: WebAssembly.Module;\nexport default module;\n");
  copy(["instance.js"], join(edge, "wasm", build), join(pkg, "edge/wasm", build));
}
copy(["models.json"], join(repository, "models"), pkg);
copy(["README.md"], source, pkg);
copy(["LICENSE-MIT", "LICENSE-APACHE", "CHANGELOG.md"], repository, pkg);
const manifest = JSON.parse(readFileSync(join(source, "package.json"), "utf8"));
// The crate's version and addresses are the only ones.
const [version, repositoryUrl, homepage] = ["version", "repository", "homepage"].map(ofCrate);
const repositoryField = { type: "git", url: repositoryUrl };
writeFileSync(join(pkg, "package.json"), `${JSON.stringify({ name: manifest.name, version, ...manifest, repository: repositoryField, homepage }, null, 2)}\n`);

/**
 * A field of the crate's own manifest.
 * @param {string} field
 */
function ofCrate(field) {
  const value = new RegExp(`^${field} = "(.*)"$`, "m").exec(readFileSync(join(repository, "Cargo.toml"), "utf8"))?.[1];
  if (value === undefined) throw new Error(`Cargo.toml has no ${field}`);
  return value;
}

/**
 * The engine's types without its module, as `engine-types.d.ts` in `folder`, and in place of wasm-bindgen's in the
 * declarations there: those ask for more of a reader's TypeScript than the package needs.
 * @param {string} declarations What wasm-bindgen wrote.
 * @param {string} folder
 */
function writeTypes(declarations, folder) {
  const kept = readFileSync(declarations, "utf8")
    // Asked for, it would need a library of TypeScript's that not everybody has.
    .replaceAll("    [Symbol.dispose](): void;\n", "")
    .match(/(?:^\/\*\*\n(?: \*.*\n)*? \*\/\n)?^export (?:(?:interface (?!Init)|class )\w+ \{\n[^]*?^\}|type (?!Sync|Init)\w+ = .*;)$/gm) ?? [];
  if (kept.length === 0) throw new Error(`${declarations} holds no types`);
  writeFileSync(join(folder, "engine-types.d.ts"), `/** Generated from the Rust types. */\n${kept.join("\n\n")}\n`);
  for (const file of readTypes(folder)) {
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replaceAll(/"(\.{1,2})\/wasm\/(?:simd|relaxed)\/precis\.js"/g, '"$1/engine-types.js"'));
  }
}

/** @param {string} folder */
function readTypes(folder) {
  const names = readdirSync(folder, { encoding: "utf8", recursive: true });
  return names.filter((name) => name.endsWith(".d.ts")).map((name) => join(folder, name));
}

/**
 * Copies `files` from a folder into another.
 * @param {string[]} files
 * @param {string} from
 * @param {string} to
 */
function copy(files, from, to) {
  mkdirSync(to, { recursive: true });
  for (const file of files) cpSync(join(from, file), join(to, file));
}
