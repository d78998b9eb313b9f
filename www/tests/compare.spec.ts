/** The comparison page: measuring, and every state of it in light and dark, wide and narrow. */
import { readFileSync } from "node:fs";
import type {} from "../src/ui/window.js";
import { card, configuration } from "./cards.js";
import { expect, fragment, test } from "./compare.js";
import { inspect } from "./inspect.js";
import { least } from "./least.js";
import models from "../../models/models.json" with { type: "json" };
import { repository } from "./paths.js";
import { Site } from "./site.js";

test("a quick run ends in a card with figures, charts, tables and files", async ({ page, compare }) => {
  const requests: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  await compare.open();
  expect(await page.evaluate(() => window.precis.card)).toBeNull();
  await expect(page.getByRole("radio", { name: "Quick" })).toBeChecked();
  await expect(page.getByRole("checkbox", { name: "Automatic" })).toBeChecked();
  await expect(page.getByRole("checkbox", { checked: true })).toHaveCount(1);
  await compare.run("Test bench");

  const measured = (await page.evaluate(() => window.precis.card))!;
  expect(measured).toMatchObject({ schema: "precis.result/1", name: "Test bench", invalid: [] });
  expect(measured.method).toMatchObject({ suite: "quick", repetitions: 20, precision: 0.03, left_out: [] });
  expect(measured.environment).toMatchObject({ cross_origin_isolated: true, hidden_during_run: false, version: expect.stringMatching(/^\d/) });
  const [one, ...others] = measured.configurations;
  expect(others).toEqual([]);
  expect(one).toMatchObject({ loaded_from: "network", module_sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(one!.certificate).toMatchObject({ tokens: 200, logits: 512 });
  expect(one!.certificate!.distance).toBeGreaterThan(0);
  const times = one!.prefill.map(({ first_token_ms }) => first_token_ms);
  expect(one!.prefill.map(({ tokens }) => tokens)).toEqual([512, 2048]);
  expect(one!.decode.map(({ tokens, after }) => [tokens, after])).toEqual([[64, 512]]);
  for (const { values, low, high, median } of [...times, one!.decode[0]!.token_ms]) {
    expect(values.length).toBeGreaterThanOrEqual(6);
    expect(values.length).toBeLessThanOrEqual(20);
    expect(low! <= median! && median! <= high!).toBe(true);
  }
  // The answer's prompt counts as read, too.
  expect(times[0]!.values.length).toBe(one!.decode[0]!.token_ms.values.length);
  expect(one!.score).toBeGreaterThan(0);

  await expect(compare.progress).toHaveJSProperty("value", 1);
  await expect(compare.result.getByText("documents a minute: 2,048 tokens read and 64 written")).toBeVisible();
  await expect(compare.result.getByText("do not trust these figures")).toHaveCount(0);
  // Whether the machine was quiet is nothing that a test can promise; that the card's own marks are shown, it can.
  await expect(compare.result.getByText("another measurement may give other figures")).toHaveCount(measured.unsteady.length > 0 ? 1 : 0);
  const figures = compare.result.getByRole("table", { name: "Figures" });
  for (const row of ["Reading speed, 512 tokens (pp512)", "Reading speed, 2,048 tokens (pp2048)", "Writing speed, 64 tokens (tg64)", "Tokenizing", "Preparing the model", "Peak, 8-bit integers"]) {
    await expect(figures.getByRole("row", { name: row })).toHaveText(/\d/);
  }
  await expect(figures.getByRole("row", { name: "Certificate" })).toContainText("passed");

  for (const [title, least] of [["Speed over position", 4], ["Reading speed", 2], ["Writing speed", 1], ["Peak of the device", 2]] as const) {
    const figure = compare.result.getByRole("figure").filter({ has: page.getByRole("heading", { name: title }) });
    await expect(figure.getByRole("img")).toHaveAccessibleName(/\d/);
    await figure.getByText("Show as table").click();
    expect(await figure.getByRole("table", { name: title }).getByRole("row").count()).toBeGreaterThan(least);
    const png = await compare.saved(figure.getByRole("button", { name: "Download PNG" }));
    expect(png.name).toMatch(/^precis-[a-z]+\.png$/);
    expect(png.content.subarray(0, 8)).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]));
    const svg = await compare.saved(figure.getByRole("button", { name: "Download SVG" }));
    expect(svg.content.toString()).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[^]*<(rect|polyline) [^]*<\/svg>$/);
    expect(svg.content.toString()).toContain(one!.name);
    expect(svg.content.toString()).toContain(`${title}: Test bench`);
    expect(svg.content.toString()).not.toContain("currentColor");
  }

  const json = await compare.saved(compare.button("Export JSON"));
  expect(json.name).toBe("precis-card.json");
  expect(JSON.parse(json.content.toString())).toEqual(measured);
  const csv = await compare.saved(compare.button("Export CSV"));
  expect(csv.name).toBe("precis-card.csv");
  expect(csv.content.toString().split("\r\n").filter((line) => line.includes(",pp2048,tokens/s,"))).toHaveLength(1);
  const markdown = await compare.saved(compare.button("Export Markdown"));
  expect(markdown.name).toBe("precis-card.md");
  expect(markdown.content.toString()).toContain(`## Test bench\n`);

  const origin = new URL(page.url()).origin;
  expect(requests.filter((url) => !url.startsWith(origin) && !url.startsWith(`blob:${origin}`))).toEqual([]);
});

test("backends are measured side by side", async ({ page, compare }) => {
  await compare.open();
  await page.getByRole("radio", { name: "Standard" }).check();
  await expect(page.getByRole("checkbox", { name: "Automatic" })).not.toBeChecked();
  expect(await page.getByRole("checkbox", { name: /^Processor/, checked: true }).count()).toBeGreaterThan(1);
  await page.getByRole("radio", { name: "Quick" }).check();
  await page.getByRole("checkbox", { name: "Automatic" }).uncheck();
  await compare.measure.click();
  await expect(compare.alert).toContainText("Choose at least one backend");
  await page.getByRole("checkbox", { name: "plain SIMD" }).check();
  await page.getByRole("checkbox", { name: "relaxed SIMD, 1 thread" }).check();
  await compare.run("Both");
  await expect(compare.alert).toBeEmpty();
  const names = ["wasm-simd, 1 thread", "wasm-relaxed-simd, 1 thread"];
  const { configurations } = (await page.evaluate(() => window.precis.card))!;
  expect(configurations.map(({ name }) => name)).toEqual(names);
  expect(configurations[0]!.module_sha256).not.toBe(configurations[1]!.module_sha256);
  await expect(compare.result.getByRole("table", { name: "Figures" }).getByRole("columnheader")).toHaveText(["Figure", ...names]);
  await expect(compare.result.getByRole("img", { name: /^Reading speed/ })).toHaveAccessibleName(/pp512.*wasm-simd, 1 thread: [\d,.]+ \([\d,.]+–[\d,.]+\).*wasm-relaxed-simd, 1 thread: [\d,.]+ \(/);
});

test("a GPU that isn't there is left out, and the card says why", async ({ page, compare }) => {
  await compare.open();
  await page.getByRole("checkbox", { name: "GPU (WebGPU)" }).check();
  await compare.run("No GPU");
  const { configurations, method } = (await page.evaluate(() => window.precis.card))!;
  expect(configurations).toHaveLength(1);
  expect(method.left_out).toEqual([{ configuration: "webgpu", what: "everything", reason: expect.stringContaining("No GPU") }]);
  await expect(compare.result.getByText("webgpu: everything: ")).toBeVisible();
});

test("Cancel ends a run at once and keeps nothing; the next one runs", { tag: "@timed" }, async ({ page, compare }) => {
  await compare.open();
  for (const when of [["Preparing", ""], ["Measuring", "reading 2048 tokens"]] as const) {
    const cancel = async () => {
      // Pressed by the page itself: the tiny model reads faster than a test looks.
      const cancelled = page.evaluate(
        ([phase, doing]) =>
          new Promise<{ took: number; focused: string | undefined }>((resolve) => {
            const [state, task] = [document.querySelector("#state")!, document.querySelector("#doing")!];
            let pressed: number | null = null;
            let focused: string | undefined;
            const observer = new MutationObserver(() => {
              if (pressed === null) {
                if (state.textContent !== phase || !task.textContent?.includes(doing)) return;
                focused = document.activeElement?.id;
                pressed = performance.now();
                document.querySelector<HTMLButtonElement>("#cancel")!.click();
              } else if (state.textContent === "Cancelled") {
                observer.disconnect();
                resolve({ took: performance.now() - pressed, focused });
              }
            });
            for (const element of [state, task]) observer.observe(element, { childList: true });
          }),
        when,
      );
      await compare.measure.focus();
      await page.keyboard.press("Enter");
      const { took, focused } = await cancelled;
      expect(focused).toBe("cancel");
      return took;
    };
    expect(await least(250, cancel)).toBeLessThan(250);
    await expect(compare.measure).toBeFocused();
    await expect.poll(() => page.workers().length).toBe(0);
  }
  expect(await page.evaluate(() => window.precis.card)).toBeNull();
  await expect(compare.result.getByText("No card is open")).toBeVisible();
  await expect(compare.history.getByRole("listitem")).toHaveCount(0);
  await compare.run("After that");
});

test("a worker that fails in the middle costs its figures, not the run", async ({ page, compare }) => {
  // The engine's worker fails at its first reading of 2,048 tokens.
  await page.route(/\/assets\/precis-worker-[\w-]+\.js$/, async (route) => {
    const response = await route.fetch();
    const fault = `self.addEventListener("message", ({ data }) => { if (data.params?.step?.tokens === 2048) throw new Error("planted"); });`;
    await route.fulfill({ response, body: `${fault}\n${await response.text()}` });
  });
  await compare.open();
  await compare.run("Broken");
  const { configurations, method } = (await page.evaluate(() => window.precis.card))!;
  expect(method.left_out).toContainEqual({ configuration: configurations[0]!.name, what: "reading 2048 tokens", reason: expect.stringContaining("planted") });
  expect(configurations[0]!.score).toBeNull();
  await expect(compare.result.getByText("reading 2048 tokens: ")).toBeVisible();
});

test("a model that can't be had is said, and may be tried again", async ({ page, compare, complaints }) => {
  await compare.open();
  await page.unroute("**/models/tiny.gguf");
  await page.route("**/models/tiny.gguf", (route) => route.fulfill({ status: 404 }));
  await compare.measure.click();
  await expect(compare.alert.locator(".error")).toHaveAttribute("data-code", "download-failed");
  await expect(compare.state).toHaveText("Failed");
  expect(complaints.splice(0).filter((complaint) => !complaint.startsWith("Failed to load resource"))).toEqual([]);
  await page.unroute("**/models/tiny.gguf");
  await compare.open();
  await compare.measure.click();
  await expect(compare.state).toHaveText("Measuring");
});

test("a model that the gallery knows nothing of is named before it is measured", async ({ page, complaints: _ }) => {
  const [standard, other] = models;
  await page.addInitScript((entry) => localStorage.setItem("precis-model", JSON.stringify(entry)), other);
  const shared = card("Phone", configuration("wasm-relaxed-simd", 4, 400));
  shared.model.sha256 = standard!.sha256;
  await page.goto(`/compare.html${fragment(JSON.stringify(shared))}`);
  const sharedNote = page.locator("#shared-note");
  await expect(sharedNote).toContainText("was measured with another model");
  const note = page.locator("#measured-model");
  await expect(note).toContainText(`The model is ${other!.name}`);
  await expect(note).toContainText("can't be checked or compared");
  await note.getByRole("button", { name: `Measure with ${standard!.name}` }).click();
  await expect(note).toHaveText(`The model is ${standard!.name} ${standard!.quant} (98 MB). It is downloaded, unless it is on this device.`);
  await expect(sharedNote).toContainText(`The model is ${standard!.name}`);
  // Only here: the choice for summaries stays.
  expect(await page.evaluate(() => localStorage.getItem("precis-model"))).toContain(other!.id);
});

test("both pages lead to each other", async ({ page, compare }) => {
  await compare.open();
  await page.getByRole("link", { name: "Summarize" }).click();
  await expect(page).toHaveURL(/index\.html$/);
  await page.getByRole("link", { name: "Benchmark" }).click();
  await expect(compare.measure).toBeVisible();
});

test("the built page carries its policy, and runs on a plain host in one thread", async ({ page, complaints: _, request }) => {
  const sent = (await request.get("/compare.html")).headers()["content-security-policy"]!;
  expect(readFileSync(`${repository}/www/dist/compare.html`, "utf8")).not.toMatch(/<style|style=|<script(?![^>]* src=)/);
  const site = await Site.open();
  try {
    await page.goto(`${site.origin}/dist/compare.html`);
    await expect(page.locator("main")).toHaveAttribute("data-ready", "");
    await expect(page.locator("meta[http-equiv='Content-Security-Policy']")).toHaveAttribute("content", sent.replace("; frame-ancestors 'self'", ""));
    await expect(page.getByRole("checkbox", { name: "relaxed SIMD, 1 thread" })).toBeVisible();
    await expect(page.getByRole("checkbox", { name: /relaxed SIMD, \d+ threads/ })).toHaveCount(0);
  } finally {
    await page.close();
    await site.close();
  }
});

for (const scheme of ["light", "dark"] as const) {
  for (const width of [1280, 390]) {
    test(`accessible in ${scheme}, ${width} px wide`, async ({ page, compare }) => {
      const name = `compare-${scheme}-${width}`;
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      await page.setViewportSize({ width, height: 800 });
      await compare.open();
      await inspect(page, `${name}-start`);

      // A quick run may end before the page is inspected.
      await page.getByRole("radio", { name: /^Full/ }).check();
      await compare.measure.click();
      await expect(compare.state).toHaveText("Measuring");
      await expect(page.locator("#left")).toHaveText(/^at most \d+ min left$/);
      await inspect(page, `${name}-measuring`);
      await compare.cancel.click();
      await expect(compare.state).toHaveText("Cancelled");

      const unsteady = configuration("wasm-simd", 1, 150);
      unsteady.prefill[0]!.first_token_ms.values = [1000, 1500, 2000, 1200, 3000];
      unsteady.certificate = null;
      const full = card("Laptop", configuration("wasm-relaxed-simd", 4, 400), unsteady, configuration("webgpu", 1, 900), configuration("native", 4, 600));
      full.method.left_out = [{ configuration: "webgpu", what: "prefill of 8192 tokens", reason: "there was no time for it" }];
      await compare.import(JSON.stringify(full));
      await compare.import(JSON.stringify(card("Desktop", configuration("wasm-relaxed-simd", 8, 1600))));
      await compare.history.getByRole("button", { name: "Open Laptop" }).click();
      await expect(compare.result.getByRole("heading", { name: "Laptop" })).toBeVisible();
      await compare.history.getByRole("button", { name: "Compare Desktop" }).click();
      await expect(compare.comparison.getByRole("table")).toBeVisible();
      await compare.history.getByRole("button", { name: "Rename Desktop" }).click();
      for (const summary of await page.getByText(/^(Show as table|Paste a card)/).all()) await summary.click();
      await compare.import("no card");
      await expect(compare.importAlert.locator(".error")).toHaveAttribute("data-code", "invalid-card");
      await inspect(page, `${name}-result`);
    });
  }
}
