// The benchmark document through Deno servers that share it: `cargo xtask build`, then
//
//   node benches/edge/fan-out.mjs [--servers 3] [--iterations 8]
//
// The first of the servers is asked; the others are its peers. Prints what each took.

import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { values } = parseArgs({ options: { servers: { type: "string", default: "3" }, iterations: { type: "string", default: "8" } } });
const [count, iterations] = [Number(values.servers), Number(values.iterations)];

/** The program itself: what npm puts before it would not hand on a signal. */
const libc = process.platform === "linux" ? "-glibc" : "";
const deno = join(dirname(createRequire(join(root, "www/package.json")).resolve(`@deno/${process.platform}-${process.arch}${libc}/package.json`)), "deno");

/** Starts a server and resolves when it listens. */
function start(env) {
  const options = ["serve", "--allow-read", "--allow-env", "--allow-net", "--no-lock", "--host=127.0.0.1", "--port=0", join(root, "edge/deno/serve.ts")];
  const child = spawn(deno, options, { env: { ...process.env, NO_COLOR: "1", ...env } });
  return new Promise((resolve, reject) => {
    let log = "";
    const read = (data) => {
      log += data;
      const url = /Listening on (http:\S+)/.exec(log)?.[1];
      if (url) resolve({ child, url });
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.on("exit", () => reject(new Error(log)));
  });
}

/** The events of a stream. */
async function* events(response) {
  let text = "";
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    text += piece;
    const all = text.split("\n\n");
    text = all.pop();
    for (const event of all) {
      const [, name, data] = /^event: (.*)\ndata: (.*)$/.exec(event) ?? [];
      if (name) yield { name, data: JSON.parse(data) };
    }
  }
}

const article = readFileSync(join(root, "tests/fixtures/article.md"), "utf8");
const parts = Array.from({ length: iterations }, (_, i) => `## Iteration ${i + 1} of 8\n\n${article}\n\n`);
const text = `# 40K Token Benchmark Prompt\n\n${parts.join("")}Based on all the above content, provide a brief one-sentence summary.\n`;

const peers = await Promise.all(Array.from({ length: count - 1 }, () => start({ PEERS: "" })));
const first = await start({ PEERS: peers.map(({ url }) => url).join(","), SECONDS: "3600" });
try {
  const began = performance.now();
  const response = await fetch(new URL("/summarize", first.url), { method: "POST", body: text, headers: { "Content-Type": "text/plain", Accept: "text/event-stream" } });
  for await (const { name, data } of events(response)) {
    if (name === "note") process.stderr.write(`\r${data.done} of ${data.of} windows`);
    if (name === "error") throw new Error(`${data.code}: ${data.message}`);
    if (name !== "report") continue;
    const { report, fan_out, summary } = data;
    console.log(`\n${report.document.tokens} tokens by ${count} servers in ${((performance.now() - began) / 1000).toFixed(0)} s: ${summary}`);
    console.log(fan_out ?? "no window was shared out", `${report.prefill.tokens} tokens of the answer's prompts at ${report.prefill.tokens_per_second?.toFixed(0)}/s`);
  }
  for (const { url } of [first, ...peers]) {
    const { load_ms, memory_bytes } = await (await fetch(new URL("/health", url))).json();
    console.log(`${url} loaded in ${(load_ms / 1000).toFixed(1)} s, ${(memory_bytes / 1e6).toFixed(1)} MB`);
  }
} finally {
  for (const { child } of [first, ...peers]) {
    child.removeAllListeners("exit");
    child.kill();
  }
}
