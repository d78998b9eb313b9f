// Many runs on one page, in headless Chromium, after `cargo xtask build`: node www/scripts/soak.mjs [RUNS [SEED]]
//
// Documents, lengths and forms are mixed; every third run is cancelled at a random time, some are questions, some are in a hidden tab,
// in some a worker or a thread dies, and after every 60 the page is opened again, perhaps with another model. Each run that ends must write what a fresh page wrote.
// Prints memory and workers as they go.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "@playwright/test";
import { preview } from "vite";
import models from "../../models/models.json" with { type: "json" };
import { acceptLicences, ready } from "./steps.mjs";

/** @typedef {import("@playwright/test").Page} Page */
/** @typedef {{ document: string, length: string, form: string, question: string }} Task */

const RUNS = Number(process.argv[2] ?? 200);
let seed = Number(process.argv[3] ?? 1);

const DOCUMENTS = [
  ...["article", "contract", "mail", "minutes"].map((name) => `src/summarize/examples/${name}.txt`),
  // 5,600 tokens, so several windows.
  "../tests/fixtures/article.md",
];
const LENGTHS = ["headline", "sentence", "short", "medium"];
const FORMS = ["paragraph", "key-points"];
const QUESTIONS = ["", "", "", "Who decides?", "When does it begin?"];
const MODELS = ["", "", "?model=gemma-3-270m-q4_k_m.gguf"];
/** Runs between two lines of output, and on one page before it is opened again. */
const LINE = 20;
const VISIT = 60;

/** The next random number below `bound`, the same in every run of this script (Lehmer's generator). @param {number} bound */
const random = (bound) => (seed = (seed * 48271) % 0x7fffffff) % bound;

/** @template T @param {readonly T[]} all @returns {T} */
const one = (all) => /** @type {T} */ (all[random(all.length)]);

/** @param {string} path */
const text = (path) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

const server = await preview({ root: fileURLToPath(new URL("..", import.meta.url)), preview: { port: 0 }, logLevel: "warn" });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
const terms = models.flatMap(({ terms }) => terms ?? []);
/** What a fresh page wrote, by model and task. @type {Map<string, string>} */
const expected = new Map();
/** @type {string[]} */
const wrong = [];

try {
  const page = await opened(MODELS[0] ?? "");
  const other = await page.context().newPage();
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  let model = MODELS[0] ?? "";
  let [ended, cancelled, died, last] = [0, 0, 0, 0];
  console.log("runs  ended  cancelled  died  workers  JavaScript  module  model");
  for (let run = 1; run <= RUNS; run++) {
    /** @type {Task} */
    const task = { document: one(DOCUMENTS), length: one(LENGTHS), form: one(FORMS), question: one(QUESTIONS) };
    const fault = random(3) === 0 ? cancel : random(12) === 0 ? kill : null;
    if (random(10) === 0) await other.bringToFront();
    let report = await summarized(page, task, fault);
    await page.bringToFront();
    if (report === "failed") {
      died++;
      // A new engine is started.
      report = await summarized(page, task, null);
    }
    if (report === "failed") throw new Error(`${JSON.stringify(task)}: ${await page.locator("#alert").textContent()}`);
    if (report === null) cancelled++;
    else {
      ended++;
      last = report.memory.wasm_bytes ?? 0;
      const fresh = await freshOf(model, task);
      if (report.summary !== fresh) wrong.push(`run ${run}, ${JSON.stringify(task)}: “${report.summary}” instead of “${fresh}”`);
    }
    if (run % LINE > 0) continue;
    await session.send("HeapProfiler.collectGarbage");
    const { metrics } = await session.send("Performance.getMetrics");
    const heap = metrics.find(({ name }) => name === "JSHeapUsedSize")?.value ?? 0;
    const row = [run, ended, cancelled, died, page.workers().length, `${(heap / 1e6).toFixed(1)} MB`, `${(last / 1e6).toFixed(0)} MB`, model || "default"];
    console.log(row.join("\t"));
    if (run % VISIT > 0) continue;
    model = one(MODELS);
    await page.goto(`${server.resolvedUrls?.local[0]}${model}`);
    await ready(page);
  }
} finally {
  await browser.close();
  await server.close();
}
console.log(wrong.length === 0 ? "Every run that ended wrote what a fresh page wrote." : wrong.join("\n"));
process.exitCode = wrong.length === 0 ? 0 : 1;

/** A page with a model, ready. @param {string} model */
async function opened(model) {
  const page = await (await browser.newContext({ serviceWorkers: "block" })).newPage();
  page.setDefaultTimeout(120_000);
  page.on("dialog", (dialog) => void dialog.accept());
  page.on("pageerror", (error) => wrong.push(`error on the page: ${error}`));
  await acceptLicences(page, terms);
  await page.goto(`${server.resolvedUrls?.local[0]}${model}`);
  await ready(page);
  return page;
}

/** What a fresh page writes: asked for once. @param {string} model @param {Task} task */
async function freshOf(model, task) {
  const key = model + JSON.stringify(task);
  if (!expected.has(key)) {
    const page = await opened(model);
    const report = await summarized(page, task, null);
    if (report === null || report === "failed") throw new Error(`a fresh page failed: ${JSON.stringify(task)}`);
    expected.set(key, report.summary);
    await page.context().close();
  }
  return expected.get(key);
}

/** Ends a run as a person does. @param {Page} page */
async function cancel(page) {
  const button = page.getByRole("button", { name: "Cancel" });
  // The run may have ended.
  if (await button.isVisible()) await button.click({ timeout: 2000 }).catch(() => undefined);
}

/** Makes the engine's worker or one of its threads fail. @param {Page} page */
async function kill(page) {
  const engine = page.workers().filter((worker) => worker.url().includes("precis-"));
  const failing = engine[random(engine.length)]?.evaluate(() => void setTimeout(() => { throw new Error("planted"); }));
  // A thread that waits for work answers nobody.
  await Promise.race([failing, page.waitForTimeout(1000)]);
}

/**
 * The report of a run; null if it was cancelled before its end, "failed" if a planted fault ended it.
 * @param {Page} page
 * @param {Task} task
 * @param {((page: Page) => Promise<void>) | null} fault What happens at a random time.
 * @returns {Promise<import("../src/package/api/index.js").Report | null | "failed">}
 */
async function summarized(page, task, fault) {
  await page.getByRole("textbox", { name: "Document" }).fill(text(task.document));
  await page.getByLabel("Length").selectOption(task.length);
  // What is one sentence has one form.
  if (task.length === "short" || task.length === "medium") await page.getByLabel("Form").selectOption(task.form);
  if (task.question !== "") {
    await page.getByLabel("Ask a question").fill(task.question);
    await page.getByRole("button", { name: "Ask", exact: true }).click();
  } else await page.getByRole("button", { name: "Summarize", exact: true }).click();
  if (fault) {
    await page.waitForTimeout(random(1500));
    await fault(page);
  }
  const stage = page.locator("#stage", { hasText: /^(Done|Cancelled|Failed)$/ });
  await stage.waitFor();
  const state = await stage.textContent();
  if (state === "Failed" && fault === kill) return "failed";
  if (state === "Failed") throw new Error(`${JSON.stringify(task)}: ${await page.locator("#alert").textContent()}`);
  return state === "Done" ? page.evaluate(() => window.precis.report) : null;
}
