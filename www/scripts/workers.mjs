// Leaves the engine's workers in src/package/assets: each one script without imports, so that it runs wherever it is copied
// to, whatever a bundler would have made of it.
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const source = fileURLToPath(new URL("../src/package", import.meta.url));

for (const name of ["worker", "thread"]) {
  const bundle = await rolldown({
    input: `${source}/worker/${name}.ts`,
    // In a script without imports there is no import.meta; who asks for assets there is told where they are.
    transform: { target: "es2022", define: { "import.meta.url": "self.location.href" } },
  });
  await bundle.write({ file: `${source}/assets/precis-${name}.js`, format: "iife" });
}
