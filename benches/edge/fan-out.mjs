// The benchmark document through Deno servers that share it: `cargo xtask build`, then
//
//   node benches/edge/fan-out.mjs [--servers 3] [--iterations 8]
//
// The first of the servers is asked; the others are its peers. Prints what each took.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { events, health, root, start, stop } from "./servers.mjs";

const { values } = parseArgs({ options: { servers: { type: "string", default: "3" }, iterations: { type: "string", default: "8" } } });
const [count, iterations] = [Number(values.servers), Number(values.iterations)];

const article = readFileSync(join(root, "tests/fixtures/article.md"), "utf8");
const parts = Array.from({ length: iterations }, (_, i) => `## Iteration ${i + 1} of 8\n\n${article}\n\n`);
const text = `# 40K Token Benchmark Prompt\n\n${parts.join("")}Based on all the above content, provide a brief one-sentence summary.\n`;

const peers = await Promise.all(Array.from({ length: count - 1 }, () => start({ PEERS: "" })));
const first = await start({ PEERS: peers.map(({ url }) => url).join(","), SECONDS: "3600" });
try {
  const began = performance.now();
  const response = await fetch(new URL("/v1/summarize", first.url), { method: "POST", body: text, headers: { "Content-Type": "text/plain", Accept: "text/event-stream" } });
  for await (const { name, data } of events(response)) {
    if (name === "note") process.stderr.write(`\r${data.done} of ${data.of} windows`);
    if (name === "error") throw new Error(`${data.code}: ${data.message}`);
    if (name !== "report") continue;
    const { report, fan_out, summary } = data;
    console.log(`\n${report.document.tokens} tokens by ${count} servers in ${((performance.now() - began) / 1000).toFixed(0)} s: ${summary}`);
    console.log(fan_out ?? "no window was shared out", `${report.prefill.tokens} tokens of the answer's prompts at ${report.prefill.tokens_per_second?.toFixed(0)}/s`);
  }
  for (const server of [first, ...peers]) {
    const { load_ms, memory_bytes } = await health(server);
    console.log(`${server.url} loaded in ${(load_ms / 1000).toFixed(1)} s, ${(memory_bytes / 1e6).toFixed(1)} MB`);
  }
} finally {
  stop([first, ...peers]);
}
