// Leaves the npm package in www/pkg: the compiled TypeScript, both wasm builds, the catalogue, package.json and README.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const www = fileURLToPath(new URL("..", import.meta.url));
const source = join(www, "src/summarizer");
const pkg = join(www, "pkg");
const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");

for (const build of ["simd", "relaxed"]) {
  if (!existsSync(join(source, "wasm", build, "precis_bg.wasm"))) {
    console.error(`The ${build} build of the engine is missing: \`cargo xtask build\` makes it.`);
    process.exit(1);
  }
}
rmSync(pkg, { recursive: true, force: true });
for (const project of ["tsconfig.package.json", "tsconfig.worker.json"]) {
  execFileSync(process.execPath, [tsc, "--project", join(www, project), "--noEmit", "false"], { stdio: "inherit" });
}
for (const build of ["simd", "relaxed"]) {
  mkdirSync(join(pkg, "wasm", build), { recursive: true });
  for (const file of ["precis.js", "precis.d.ts", "precis_bg.wasm", "precis_bg.wasm.d.ts"]) {
    cpSync(join(source, "wasm", build, file), join(pkg, "wasm", build, file));
  }
}
cpSync(join(www, "../models/models.json"), join(pkg, "models.json"));
for (const file of ["package.json", "README.md"]) cpSync(join(source, file), join(pkg, file));
