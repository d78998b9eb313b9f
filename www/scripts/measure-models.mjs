// What each model takes on the page, in headless Chromium, after `cargo xtask build`: node scripts/measure-models.mjs [ID …]
//
// Prints `memory` and `time` of `measured` in models/models.json, for the models that lie in models/, or for the default and those named.

import { existsSync, readFileSync } from "node:fs";
import { chromium } from "@playwright/test";
import { preview } from "vite";
import models from "../../models/models.json" with { type: "json" };
import { acceptLicences, summarize } from "./steps.mjs";

/** 5,600 tokens. */
const TEXT = readFileSync(new URL("../../tests/fixtures/article.md", import.meta.url), "utf8");
const ROUNDS = 3;

const wanted = new Set(process.argv.slice(2));
const present = models.filter(({ id, file }, i) => {
  const named = wanted.size === 0 || i === 0 || wanted.has(id);
  return named && existsSync(new URL(`../../models/${file}`, import.meta.url));
});
if (present[0] !== models[0]) throw new Error("The default model is not in models/: run `cargo xtask model fetch`.");

const server = await preview({ preview: { port: 0 }, logLevel: "warn" });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
try {
  const rows = present.map(({ file }) => ({ file, memory: 0, times: /** @type {number[]} */ ([]) }));
  // In turns: what slows one round slows all models.
  for (let round = 0; round < ROUNDS; round++) {
    for (const row of rows) {
      const { prefill, decode, memory } = await reportOf(row.file);
      row.times.push((prefill.ms ?? NaN) + (decode.ms ?? 0));
      row.memory = memory.wasm_bytes ?? NaN;
    }
  }
  const medians = rows.map(({ times }) => times.toSorted((one, other) => one - other)[Math.floor(ROUNDS / 2)] ?? NaN);
  rows.forEach(({ file, memory, times }, i) => {
    const time = (medians[i] ?? NaN) / (medians[0] ?? NaN);
    console.log(`${file}: "memory": ${memory}, "time": ${time.toFixed(1)}; ${times.map((ms) => (ms / 1000).toFixed(1)).join(", ")} s`);
  });
} finally {
  await browser.close();
  await server.close();
}

/**
 * Summarizes in three sentences on a fresh page, as a person does.
 * @param {string} file
 */
async function reportOf(file) {
  const page = await browser.newPage({ serviceWorkers: "block" });
  // A large model takes minutes.
  page.setDefaultTimeout(0);
  const { terms } = models.find((model) => model.file === file) ?? {};
  await acceptLicences(page, terms ? [terms] : []);
  await page.goto(`${server.resolvedUrls?.local[0]}?model=${file}`);
  await summarize(page, TEXT);
  const report = await page.evaluate(() => window.precis.report);
  await page.context().close();
  if (!report) throw new Error(`${file}: no report`);
  return report;
}
