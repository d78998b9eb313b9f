// How long the package takes to plan 10 MB of each of many inputs, and to cancel, in headless Chromium with the default model, after
// `cargo xtask build`: node www/scripts/inputs.mjs [MEGABYTES]
//
// "planned": from the call until the plan is there, or until an error or a summary where nothing is planned. "cancelled": the same call
// is aborted as soon as it is planned, and another one 0.1 s after it began; the longer time until the worker answers the next call.

import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "@playwright/test";

const BYTES = Number(process.argv[2] ?? 9.9) * 1e6;
const TYPES = { ".js": "text/javascript", ".json": "application/json", ".wasm": "application/wasm" };
const HEADERS = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

/** Parts that are repeated. @type {Record<string, string>} */
const INPUTS = {
  spaces: " ",
  "less-than signs": "<",
  brackets: "(",
  "one word": "a",
  newlines: "\n",
  "deep quotes": "> ".repeat(500) + "a\n",
  "deep HTML": "<div>",
  "combining marks": "e\u0301\u0301",
  "random bytes": "",
  "a line of Chinese": "蜜蜂住在蜂巢里夏天飞到花朵上",
  prose: "Bees live in hives, and they fly to flowers in summer. ",
};

const server = createServer((request, response) => {
  const path = new URL(request.url ?? "/", "http://localhost").pathname;
  const type = TYPES[/** @type {keyof typeof TYPES} */ (extname(path))] ?? "application/octet-stream";
  if (path === "/") return void response.writeHead(200, { ...HEADERS, "Content-Type": "text/html" }).end("<!doctype html><link rel=icon href=data:,>");
  const file = fileURLToPath(new URL(path.startsWith("/models/") ? `../..${path}` : `..${path}`, import.meta.url));
  try {
    response.writeHead(200, { ...HEADERS, "Content-Type": type, "Content-Length": statSync(file).size });
    createReadStream(file).pipe(response);
  } catch {
    response.writeHead(404).end();
  }
});
server.listen(0, "127.0.0.1");
await new Promise((resolve) => server.once("listening", resolve));
const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(0);
  await page.goto(`http://127.0.0.1:${port}/`);
  console.log("input".padEnd(20), "planned".padStart(9), "cancelled".padStart(10), "  ended with");
  for (const [name, part] of Object.entries(INPUTS)) {
    const { planned, cancelled, end } = await page.evaluate(summarized, { part, bytes: BYTES });
    console.log(name.padEnd(20), `${(planned / 1000).toFixed(2)} s`.padStart(9), `${cancelled.toFixed(0)} ms`.padStart(10), ` ${end}`);
  }
} finally {
  await browser.close();
  server.close();
}

/** Runs in the page. @param {{ part: string, bytes: number }} input */
async function summarized({ part, bytes }) {
  // @ts-expect-error The address is that of the page.
  const { Summarizer } = await import("/pkg/index.js");
  const kept = /** @type {{ summarizer?: any }} */ (window);
  kept.summarizer ??= await Summarizer.create({ type: "tldr", backend: "cpu" });
  const size = new TextEncoder().encode(part).length;
  const random = () => new TextDecoder("latin1").decode(Uint8Array.from({ length: Math.floor(bytes / 1.5) }, () => Math.random() * 256));
  const text = part === "" ? random() : part.repeat(Math.floor(bytes / size));
  const once = async (/** @type {number | null} */ after) => {
    const controller = new AbortController();
    const called = performance.now();
    let planned = NaN;
    let aborted = NaN;
    const abort = () => {
      if (Number.isNaN(aborted)) aborted = performance.now();
      controller.abort();
    };
    const onprogress = (/** @type {{ type: string }} */ event) => {
      if (event.type !== "planned") return;
      planned = performance.now() - called;
      abort();
    };
    if (after !== null) setTimeout(abort, after);
    let end;
    try {
      end = `a summary of ${(await kept.summarizer.summarize(text, { signal: controller.signal, onprogress })).length} characters`;
    } catch (error) {
      end = /** @type {Error} */ (error).name;
    }
    const ended = performance.now();
    if (Number.isNaN(planned)) planned = ended - called;
    await kept.summarizer.measureInputUsage("A word.");
    return { planned, end, cancelled: Number.isNaN(aborted) ? 0 : performance.now() - aborted };
  };
  const whole = await once(null);
  const early = await once(100);
  return { ...whole, cancelled: Math.max(whole.cancelled, early.cancelled) };
}
