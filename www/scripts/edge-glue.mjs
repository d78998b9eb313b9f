// Makes `instance.js` of wasm-bindgen's `precis.js`: the same code inside a function. The original has one instance for ever,
// and a trap leaves an instance in no defined state; with this the edge can throw it away and begin anew.
//
//   node scripts/edge-glue.mjs     for both builds

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where the builds lie. */
const WASM = fileURLToPath(new URL("../src/edge/wasm", import.meta.url));

/** The engine's classes, which an instance hands out. */
const CLASSES = ["Engine", "ModelLoader"];

/** The only way in which the original instantiates anything, and the only place where it gets at the exports. */
const EXPORTS = "    wasm = instance.exports;\n";
/** From here on it only fetches modules by address, which no runtime at the edge can do. */
const FETCHING = "\nlet __wbg_init_promise;\n";
const CLOSING = "\nexport { initSync, __wbg_init as default };\n";

/**
 * The exports, with an eye on traps. Most of the engine computes in tasks of its own, whose traps would reach nobody but the
 * runtime (Deno ends the process then), and whose promises would never be settled. What such tasks and finalizers call is
 * quiet once the instance is dead; everything else throws what it died of.
 */
const GUARD = `
const QUIET = /__closures_|_closure$|_free$/;

function guarded(exports, onTrap) {
    let dead;
    const guard = (name, call) => (...args) => {
        try {
            if (dead === undefined) return call(...args);
        } catch (error) {
            // A stack that overflows is a RangeError.
            if (!(error instanceof WebAssembly.RuntimeError || error instanceof RangeError)) throw error;
            dead = error;
            onTrap(error);
        }
        if (QUIET.test(name)) return [0, 0];
        throw dead;
    };
    return Object.fromEntries(Object.entries(exports).map(([name, value]) => [name, typeof value === 'function' ? guard(name, value) : value]));
}
`;

const TYPES = `type Glue = typeof import("./precis.js");

/** A new instance of the engine's module. \`onTrap\` is told when it traps, in whatever task that happens. */
export declare function instantiate(
  module: WebAssembly.Module,
  onTrap: (error: unknown) => void,
): Pick<Glue, ${CLASSES.map((name) => JSON.stringify(name)).join(" | ")}> & { memory: WebAssembly.Memory };
`;

/**
 * The code of `instance.js`.
 * @param {string} glue The code of `precis.js`.
 */
export function instanceOf(glue) {
  const [kept, fetching, ...more] = glue.split(FETCHING);
  if (kept === undefined || fetching === undefined || more.length > 0 || !fetching.endsWith(CLOSING)) throw new Error("its last part is not what wasm-bindgen used to write");
  const exported = [...kept.matchAll(/^export (?:class|function) (\w+)/gm)].map(([, name]) => name ?? "");
  for (const name of CLASSES) if (!exported.includes(name)) throw new Error(`it lacks the class ${name}`);
  if (kept.split(EXPORTS).length !== 2) throw new Error(`it lacks the line ${EXPORTS.trim()}, or has it twice`);
  if (!kept.includes("\nfunction initSync(module) {\n")) throw new Error("it lacks initSync(module)");
  if (!/wasm\.\w*__closures_/.test(kept)) throw new Error("its closures have other names");
  const body = kept.replace(/^export (?=class|function)/gm, "").replace(EXPORTS, () => "    wasm = guarded(instance.exports, onTrap);\n");
  const outside = /^(import|export)\b|\bimport\.meta\b|\bimport\(/m.exec(body);
  if (outside) throw new Error(`"${outside[0]}" can't stand inside a function`);
  return `/* @ts-self-types="./instance.d.ts" */
// Made by scripts/edge-glue.mjs of precis.js, which wasm-bindgen made.
${GUARD}
export function instantiate(module, onTrap) {
${body}
initSync({ module });
return { ${CLASSES.join(", ")}, memory: wasm.memory };
}
`;
}

/** Leaves `instance.js` and its types beside the `precis.js` of both builds. */
export function writeInstances() {
  for (const build of ["simd", "relaxed"]) {
    const folder = join(WASM, build);
    const file = join(folder, "precis.js");
    try {
      writeFileSync(join(folder, "instance.js"), instanceOf(readFileSync(file, "utf8")));
    } catch (cause) {
      throw new Error(`${file} can't be turned into instance.js: ${cause instanceof Error ? cause.message : cause}. See scripts/edge-glue.mjs.`, { cause });
    }
    writeFileSync(join(folder, "instance.d.ts"), TYPES);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeInstances();
