// The measuring suite in headless Chromium, on the page itself: `cargo xtask bench --suite` runs it
// after `cargo xtask build`.
//
//   node scripts/suite.mjs --kind quick --name NAME --out CARD.json [--beside CARD.json]
//
// --beside: a card of the same machine, such as a native one, to print beside.

import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { chromium } from "@playwright/test";
import { preview } from "vite";

/** @typedef {import("../src/package/wasm/simd/precis.js").Card} Card */

const { values: options } = parseArgs({
  options: {
    kind: { type: "string", default: "quick" },
    name: { type: "string", default: "unnamed" },
    out: { type: "string" },
    beside: { type: "string" },
  },
});

const server = await preview({ preview: { port: 0 }, logLevel: "warn" });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
});
try {
  // A service worker would fill its cache while the first figures are taken.
  const card = await measure(await browser.newPage({ serviceWorkers: "block" }));
  if (options.out) writeFileSync(options.out, `${JSON.stringify(card, null, 2)}\n`);
  const cards = options.beside ? [JSON.parse(readFileSync(options.beside, "utf8")), card] : [card];
  print(cards);
} finally {
  await browser.close();
  await server.close();
}

/**
 * Runs the suite as a person does, with the backends that the page proposes.
 * @param {import("@playwright/test").Page} page
 * @returns {Promise<Card>}
 */
async function measure(page) {
  await page.goto(`${server.resolvedUrls?.local[0]}compare.html`);
  await page.getByRole("radio", { name: new RegExp(`^${options.kind}`, "i") }).check();
  await page.getByRole("textbox", { name: "Device name" }).fill(options.name);
  await page.getByRole("button", { name: "Measure", exact: true }).click();
  // Either a card or a message comes, however long it takes.
  const outcome = await page.waitForFunction(() => window.precis.card ?? document.querySelector("#alert")?.textContent, null, { timeout: 0, polling: 1000 });
  const card = await outcome.jsonValue();
  if (typeof card !== "object" || card === null) throw new Error(card ?? "the page lacks its alert");
  return card;
}

/**
 * A line for each configuration, and the marks.
 * @param {Card[]} cards
 */
function print(cards) {
  const all = cards.flatMap(({ configurations }) => configurations);
  const widest = Math.max(...all.map(({ name }) => name.length));
  for (const { name, prefill, decode, score } of all) {
    const figures = [
      ...prefill.map(({ tokens, tokens_per_second }) => `pp${tokens} ${spread(tokens_per_second)}`),
      ...decode.map(({ tokens, after, tokens_per_second }) => `tg${tokens}${after > 512 ? ` @ d${after}` : ""} ${spread(tokens_per_second)}`),
    ];
    console.log(`${name.padEnd(widest)}  ${figures.join("  ")}  score ${score?.toFixed(2) ?? "-"}`);
  }
  for (const { invalid, unsteady } of cards) for (const mark of [...invalid, ...unsteady]) console.log(`! ${mark}`);
}

/** @param {import("../src/package/wasm/simd/precis.js").Spread} spread */
function spread({ median, mad, low, high }) {
  if (median !== null && low != null && high != null) return `${median.toFixed(1)} (${low.toFixed(1)}–${high.toFixed(1)})`;
  return median === null || mad === null ? "-" : `${median.toFixed(1)} ± ${mad.toFixed(1)}`;
}
