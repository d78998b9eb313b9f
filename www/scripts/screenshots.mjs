// The pictures in docs/screens.md and README.md, from headless Chromium with the real model, after `cargo xtask build`: node scripts/screenshots.mjs

import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "@playwright/test";
import { preview } from "vite";
import models from "../../models/models.json" with { type: "json" };
import { ready, summarize } from "./steps.mjs";

const folder = new URL("../../docs/screens/", import.meta.url);
const minutes = readFileSync(new URL("../src/summarize/examples/minutes.txt", import.meta.url), "utf8");
const model = fileURLToPath(new URL(`../../models/${models[0]?.file}`, import.meta.url));
/** Whether a download stops after its first third. */
let stalled = false;

if (!existsSync(model)) throw new Error("The default model is not in models/: run `cargo xtask model fetch`.");
mkdirSync(folder, { recursive: true });
const server = await preview({
  preview: { port: 0 },
  logLevel: "warn",
  plugins: [
    {
      name: "stalled-download",
      // Before the one that serves the models.
      enforce: "pre",
      configurePreviewServer: ({ middlewares }) =>
        void middlewares.use((request, response, next) => {
          if (!stalled || !request.url?.startsWith("/models/")) return next();
          const bytes = readFileSync(model);
          response.writeHead(200, { "content-length": bytes.length });
          response.write(bytes.subarray(0, bytes.length / 3));
        }),
    },
  ],
});
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });

/** @typedef {import("@playwright/test").Page} Page */

try {
  await pictured("empty", 1280, 860, "light", async (page) => page.locator("#model-state").filter({ hasText: /./ }).waitFor());
  await pictured("downloading", 390, 844, "light", async (page) => {
    stalled = true;
    await page.getByRole("textbox", { name: "Document" }).fill(minutes);
    await page.getByRole("button", { name: "Download now" }).click();
    await page.locator("#download").filter({ hasText: /MB of 98 MB/ }).waitFor();
    stalled = false;
  });
  await pictured("models", 1280, 860, "light", async (page) => {
    await page.getByRole("button", { name: "Choose model" }).click();
    await page.getByRole("listitem").first().waitFor();
  });
  await pictured("running", 390, 844, "dark", async (page) => {
    await ready(page);
    await page.getByRole("button", { name: "Load the 40k-token benchmark" }).click();
    await page.getByRole("button", { name: "Summarize", exact: true }).click();
    await page.locator("#left").filter({ hasText: /./ }).waitFor();
  });
  await pictured("summary", 1280, 860, "light", sourced);
  await pictured("done", 1280, 860, "dark", summarized);
  await pictured("done-narrow", 320, 860, "light", summarized);
  await pictured("source", 390, 844, "light", sourced);
  await pictured("earlier", 1280, 860, "light", async (page) => {
    await summarized(page);
    await page.getByRole("button", { name: "Contract" }).click();
    await page.getByText("Earlier documents").click();
  });
  await pictured("error", 390, 844, "dark", async (page) => {
    await page.getByRole("textbox", { name: "Document" }).fill("https://example.com/news/bridge");
    await ready(page);
    await page.getByRole("button", { name: "Summarize", exact: true }).click();
    await page.locator("#alert").filter({ hasText: /./ }).waitFor();
  });
  let link = "";
  await pictured("printed", 768, 860, "light", async (page) => {
    await summarized(page);
    await page.getByRole("button", { name: "Share" }).click();
    await page.locator("#copied-summary").filter({ hasText: /./ }).waitFor();
    link = await page.evaluate(() => navigator.clipboard.readText());
    await page.emulateMedia({ media: "print" });
  });
  await pictured("shared", 768, 860, "light", async (page) => {
    await page.goto("about:blank");
    await page.goto(link);
    await page.locator("#shared-note").waitFor();
  });
} finally {
  await browser.close();
  await server.close();
}

/**
 * A picture of a new visitor's page after some steps.
 * @param {string} name
 * @param {number} width
 * @param {number} height
 * @param {"light" | "dark"} colorScheme
 * @param {(page: Page) => Promise<unknown>} steps
 */
async function pictured(name, width, height, colorScheme, steps) {
  const options = { viewport: { width, height }, colorScheme, locale: "en-US", permissions: ["clipboard-read", "clipboard-write"] };
  const context = await browser.newContext({ ...options, serviceWorkers: "block" });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    await page.goto(server.resolvedUrls?.local[0] ?? "");
    await steps(page);
    await page.mouse.move(0, 0);
    await page.screenshot({ path: fileURLToPath(new URL(`${name}.jpg`, folder)), type: "jpeg", quality: 70 });
  } finally {
    await context.close();
  }
}

/** @param {Page} page */
async function summarized(page) {
  await summarize(page, minutes);
}

/** @param {Page} page */
async function sourced(page) {
  await summarized(page);
  await page.getByRole("button", { name: /^Source of sentence 1/ }).first().click();
}
