// A server with three peers under load, of which one is killed and one hangs: `cargo xtask build`, then
//
//   node benches/edge/load.mjs [--minutes 5] [--clients 50] [--model tests/fixtures/tiny.gguf]
//
// Of a hundred requests 70 are documents of several sizes, 20 are left by their client, and 10 are malformed. After a third of the
// time one peer is killed, and after two thirds another is stopped, so that it accepts connections and never answers. Ends with
// status 1 if an answer is wrong, if a request takes longer than it may, or if memory is not at its level afterwards.

import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { events, health, root, start, stop } from "./servers.mjs";

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "5" }, clients: { type: "string", default: "50" }, model: { type: "string", default: join(root, "tests/fixtures/tiny.gguf") } },
});
const [minutes, clients] = [Number(values.minutes), Number(values.clients)];
const MODEL = resolve(values.model);

/** Seconds that the server gives a request, and what a busy machine may add to that. */
const SECONDS = 30;
const GRACE = 15;

const article = readFileSync(join(root, "tests/fixtures/article.md"), "utf8");
const DOCUMENTS = [article.slice(0, 300), article.slice(0, 1200), article.slice(0, 4000), article.slice(4000, 12_000)].map((text, i) => ({ text, length: ["sentence", "short", "medium", "headline"][i] }));

/** Requests that nobody can answer, each with the code of its refusal. */
const MALFORMED = [
  ["malformed-json", "{", "application/json"],
  ["invalid-options", JSON.stringify({ text: "A document.", length: "tiny" }), "application/json"],
  ["document-not-text", Uint8Array.of(0xff), "text/plain"],
  ["empty-document", " ", "text/plain"],
  ["unsupported-media-type", "A document.", "image/png"],
];

const post = (server, body, headers = {}, signal = undefined) =>
  fetch(new URL("/v1/summarize", server.url), { method: "POST", body, headers: { "Content-Type": "application/json", ...headers }, signal });

/** The same numbers in each run. */
let seed = 1;
function random() {
  seed = (seed * 48271) % 2147483647;
  return seed / 2147483647;
}

const counts = {};
const count = (what) => (counts[what] = (counts[what] ?? 0) + 1);
const wrong = [];
const seconds = [];

/** One document, by JSON or by events: its summary, or the code of an error. */
async function summary(server, document) {
  const asEvents = random() < 0.5;
  const response = await post(server, JSON.stringify(document), asEvents ? { Accept: "text/event-stream" } : {});
  if (!response.ok) return { code: (await response.json()).code };
  if (!asEvents) return response.json();
  for await (const { name, data } of events(response)) {
    if (name === "report") return data;
    if (name === "error") return data;
  }
  return { code: "cut off" };
}

async function request(server, expected) {
  const kind = random();
  if (kind < 0.1) {
    const [code, body, type] = MALFORMED[Math.floor(random() * MALFORMED.length)];
    const response = await post(server, body, { "Content-Type": type });
    const found = (await response.json()).code;
    if (found !== code) wrong.push(`${found} instead of ${code}`);
    return count("malformed");
  }
  const i = Math.floor(random() * DOCUMENTS.length);
  if (kind < 0.3) {
    const leave = new AbortController();
    const left = post(server, JSON.stringify(DOCUMENTS[i]), { Accept: "text/event-stream" }, leave.signal).then((response) => response.text());
    left.catch(() => {});
    await pause(random() * 300);
    leave.abort();
    return count("left");
  }
  const answer = await summary(server, DOCUMENTS[i]);
  if (answer.code === "busy") {
    count("refused as busy");
    return pause(200 + random() * 800);
  }
  if (answer.code) return wrong.push(answer.code);
  if (answer.summary !== expected[i]) wrong.push(`another summary of document ${i}`);
  count("summaries");
  if (answer.fan_out?.elsewhere > 0) count("with the help of peers");
}

const servers = [];
try {
  for (let i = 0; i < 3; i++) servers.push(await start({ PEERS: "", MODEL }));
  const peers = [...servers];
  const server = await start({ PEERS: peers.map(({ url }) => url).join(","), SECONDS: String(SECONDS), MODEL });
  servers.push(server);
  const expected = [];
  for (const document of DOCUMENTS) expected.push((await (await post(server, JSON.stringify(document))).json()).summary);
  const before = (await health(server)).memory_bytes;
  const began = performance.now();
  const passed = () => (performance.now() - began) / 60_000 / minutes;
  const client = async () => {
    while (passed() < 1) {
      const from = performance.now();
      await request(server, expected).catch((error) => wrong.push(String(error.cause ?? error)));
      seconds.push((performance.now() - from) / 1000);
    }
  };
  const [killed, hung] = peers;
  const faults = [
    setTimeout(() => stop([killed]), (minutes * 60_000) / 3),
    setTimeout(() => hung.child.kill("SIGSTOP"), (minutes * 120_000) / 3),
  ];
  let most = 0;
  const watch = setInterval(() => health(server).then(({ memory_bytes }) => (most = Math.max(most, memory_bytes)), () => {}), 1000);
  await Promise.all(Array.from({ length: clients }, client));
  clearInterval(watch);
  faults.forEach(clearTimeout);

  // What runs is not counted as waiting: a last document ends after it.
  let last;
  do last = await summary(server, DOCUMENTS[0]);
  while (last.code === "busy");
  const after = (await health(server)).memory_bytes;
  const slowest = Math.max(...seconds);
  console.log(counts);
  console.log(`slowest request ${slowest.toFixed(1)} s; the module's memory ${before / 1e6} MB before, at most ${most / 1e6} MB, ${after / 1e6} MB after`);
  if (slowest > SECONDS + GRACE) wrong.push(`a request took ${slowest.toFixed(1)} s`);
  if (after > before + 2e6) wrong.push("memory is not at its level");
  console.log(wrong.length === 0 ? "nothing wrong" : `${wrong.length} wrong: ${[...new Set(wrong)].join("; ")}`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
} finally {
  stop(servers);
}
