// Leaves the npm package in www/pkg: the compiled TypeScript, both wasm builds for pages and for the edge, the catalogue,
// package.json and README.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeInstances } from "./edge-glue.mjs";

const www = fileURLToPath(new URL("..", import.meta.url));
const source = join(www, "src/summarizer");
const edge = join(www, "src/edge");
const pkg = join(www, "pkg");
const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");

const BUILDS = ["simd", "relaxed"];
for (const build of BUILDS) {
  for (const { folder, what } of [{ folder: source, what: "the engine" }, { folder: edge, what: "the engine for the edge" }]) {
    if (existsSync(join(folder, "wasm", build, "precis_bg.wasm"))) continue;
    console.error(`The ${build} build of ${what} is missing: \`cargo xtask build\` makes it.`);
    process.exit(1);
  }
}
writeInstances();
rmSync(pkg, { recursive: true, force: true });
for (const project of ["tsconfig.package.json", "tsconfig.worker.json", "tsconfig.edge.json"]) {
  execFileSync(process.execPath, [tsc, "--project", join(www, project), "--noEmit", "false"], { stdio: "inherit" });
}
for (const build of BUILDS) {
  copy(["precis.js", "precis.d.ts", "precis_bg.wasm", "precis_bg.wasm.d.ts"], join(source, "wasm", build), join(pkg, "wasm", build));
  copy(["instance.js", "instance.d.ts", "precis.d.ts", "precis_bg.wasm"], join(edge, "wasm", build), join(pkg, "edge/wasm", build));
}
copy(["models.json"], join(www, "../models"), pkg);
copy(["package.json", "README.md"], source, pkg);

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
