// The build for browsers, run by Deno on whatever GPU there is: WebAssembly and WebGPU without a
// browser around them. See benches/README.md.
//
//   npm run bench -- [--tokens 512,2048] [--decode 32] [--repetitions 5] [--document] [--json]

import { parseArgs } from "node:util";

const { values: options } = parseArgs({
  options: {
    // Lengths of the prompts.
    tokens: { type: "string", default: "512,2048,8000" },
    // The whole document too, in one exact pass.
    document: { type: "boolean", default: false },
    // Tokens to write after each.
    decode: { type: "string", default: "32" },
    // Measured, after one that is not counted.
    repetitions: { type: "string", default: "5" },
    model: { type: "string", default: "models/SmolLM2-135M-Instruct.Q4_1.gguf" },
    json: { type: "boolean", default: false },
  },
});
const root = new URL("../../", import.meta.url);
const wasm = new URL("www/src/package/wasm/simd/", root);

const precis = await import(new URL("precis.js", wasm)).catch((error) => {
  throw new Error("Build it first: cargo xtask build", { cause: error });
});
await precis.default({ module_or_path: await Deno.readFile(new URL("../../assets/precis-simd.wasm", wasm)) });

const file = await Deno.open(new URL(options.model, root));
const { size } = await file.stat();
const read = (offset, into) => {
  file.seekSync(offset, Deno.SeekMode.Start);
  for (let done = 0; done < into.length; ) {
    done += file.readSync(into.subarray(done)) ?? fail("the model file ends early");
  }
};
const info = { id: "SmolLM2-135M", sha256: null, read_ms: null };
const started = performance.now();
const engine = await precis.Engine.load(size, read, info, "webgpu", 1, "asked for", () => {});
const load_ms = performance.now() - started;
const backend = engine.backend();
if (backend.kind !== "webgpu") fail(`there is no GPU to measure: ${backend.reason}`);

const ids = engine.encode(await document());
const lengths = options.tokens.split(",").map(Number);
if (options.document) lengths.push(ids.length);
const prompts = [];
for (const length of lengths) {
  if (!(length >= 1 && length <= ids.length)) fail(`--tokens: ${length}`);
  const measured = [];
  for (let i = 0; i <= Number(options.repetitions); i++) {
    const { prefill, decode } = await engine.measure(ids.subarray(0, length), Number(options.decode));
    if (i > 0) measured.push({ prefill, decode });
  }
  prompts.push({
    tokens: length,
    prefill: spread(measured.map(({ prefill }) => prefill.tokens_per_second)),
    first_token_ms: spread(measured.map(({ prefill }) => prefill.ms)),
    decode: spread(measured.map(({ decode }) => decode.tokens_per_second)),
  });
  console.error(`${length} tokens: ${prompts.at(-1).prefill.median?.toFixed(1)} tok/s`);
}

const results = { schema: "precis.bench-gpu-deno/1", deno: Deno.version.deno, backend, load_ms, prompts };
console.log(options.json ? JSON.stringify(results, null, 2) : markdown(results));

/** The 40k-token workload, as tests/oracle/record.py composes it. */
async function document() {
  const article = await Deno.readTextFile(new URL("tests/fixtures/article.md", root));
  const iterations = Array.from({ length: 8 }, (_, i) => `## Iteration ${i + 1} of 8\n\n${article}\n\n`);
  const request = "Based on all the above content, provide a brief one-sentence summary.\n";
  return `# 40K Token Benchmark Prompt\n\n${iterations.join("")}${request}`;
}

function spread(values) {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
  return { median: sorted.length ? median : null, min: sorted[0] ?? null, max: sorted.at(-1) ?? null, values };
}

function markdown({ deno, backend, load_ms, prompts }) {
  const shown = ({ median, min, max }) =>
    median === null ? "-" : `${median.toFixed(1)} [${min.toFixed(1)}–${max.toFixed(1)}]`;
  const rows = prompts.map(
    ({ tokens, prefill, first_token_ms, decode }) =>
      `| ${tokens} | ${shown(prefill)} | ${shown(first_token_ms)} | ${shown(decode)} |`,
  );
  return [
    `# ${backend.adapter}, Deno ${deno}`,
    "",
    `${backend.features.join(", ")}; loaded in ${(load_ms / 1000).toFixed(1)} s. Median [smallest–largest].`,
    "",
    "| tokens | prefill tok/s | first token, ms | decode tok/s |",
    "| ---: | ---: | ---: | ---: |",
    ...rows,
  ].join("\n");
}

function fail(reason) {
  throw new Error(reason);
}
