/** The examples of all READMEs and documents: each compiles, and the first of both READMEs run. Commands are checked by xtask. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { expect, test } from "./package.js";
import { repository } from "./paths.js";

const www = `${repository}/www`;

/** The TypeScript blocks of a document. */
function examples(file: string): string[] {
  const text = readFileSync(`${repository}/${file}`, "utf8");
  return [...text.matchAll(/^```(?:ts|js)\n([^]*?)^```/gm)].map(([, code]) => code!);
}

test("every example compiles as strict TypeScript", () => {
  const documents = execFileSync("git", ["ls-files", "*.md"], { cwd: repository, encoding: "utf8" }).trim().split("\n");
  const folder = `${www}/test-results/examples`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(`${folder}/src`, { recursive: true });
  mkdirSync(`${folder}/assets/model`, { recursive: true });
  mkdirSync(`${folder}/node_modules`);
  symlinkSync(`${www}/pkg`, `${folder}/node_modules/precis`);
  // What the types of Cloudflare and of Node, and `npm run model`, would bring.
  const platform = `declare module "cloudflare:workers" { export const env: { ASSETS: { fetch: typeof fetch }; TOKEN: string }; }\ndeclare const process: { env: Record<string, string | undefined> };\n`;
  writeFileSync(`${folder}/src/platform.d.ts`, platform);
  writeFileSync(`${folder}/assets/model/manifest.json`, JSON.stringify({ id: "a", sha256: "b", bytes: 1, shards: 1 }));
  let found = 0;
  for (const document of documents) for (const code of examples(document)) writeFileSync(`${folder}/src/example-${found++}.ts`, code);
  expect(found).toBeGreaterThan(4);
  const compilerOptions = { strict: true, noEmit: true, target: "es2022", module: "esnext", moduleResolution: "bundler", lib: ["es2022", "dom"], types: [], skipLibCheck: false, resolveJsonModule: true };
  writeFileSync(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions, include: ["src"] }));
  const tsc = `${www}/node_modules/typescript/bin/tsc`;
  const messages = (() => {
    try {
      return execFileSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
    } catch (error) {
      return (error as { stdout: string }).stdout;
    }
  })();
  expect(messages).toBe("");
});

for (const document of ["README.md", "www/src/package/README.md"]) {
  test(`the first example of ${document} runs, with the model that it gets by itself`, async ({ page, site }) => {
    const [catalogued] = JSON.parse(readFileSync(`${repository}/models/models.json`, "utf8")) as { file: string }[];
    site.bytes = readFileSync(`${repository}/models/${catalogued!.file}`);
    // Without types it is JavaScript already, but for the parameters'.
    const code = examples(document)[0]!.replaceAll(/: string|: \(piece: string\) => void/g, "");
    const imports = JSON.stringify({ imports: { precis: "/pkg/index.js" } });
    await page.route("**/example.js", (route) => route.fulfill({ contentType: "text/javascript", body: code }));
    await page.goto(site.origin);
    await page.setContent(`<script type="importmap">${imports}</script>`);
    const article = readFileSync(`${repository}/tests/fixtures/article.md`, "utf8").slice(0, 3000);
    const shown = await page.evaluate(
      async ({ address, text }) => {
        const { summarize } = (await import(address)) as { summarize(text: string, show: (piece: string) => void): Promise<string | undefined> };
        let shown = "";
        const returned = await summarize(text, (piece) => (shown += piece));
        return returned ?? shown;
      },
      { address: `${site.origin}/example.js`, text: article },
    );
    expect(shown).toMatch(/\p{L}{3,} \p{L}/u);
    expect(site.paths).toContain(`/models/${catalogued!.file}`);
  });
}
