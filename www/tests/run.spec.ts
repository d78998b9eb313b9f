/** A run from the paste to the report, on the real model. */
import type {} from "../src/ui/window.js";
import type { Report } from "../src/package/api/index.js";
import { ARTICLE, expect, test } from "./page.js";
import { least } from "./least.js";
import { longestTask } from "./main-thread.js";

// Playwright's own traces take pictures of the document on the page's main thread, which one test here measures.
test.use({ trace: "off" });

test("a pasted document becomes a summary and a full report", async ({ page, precis }) => {
  const requests: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  await precis.open("real");
  await precis.document.fill(ARTICLE);
  await expect(page.locator("#count")).toHaveText(/^1\d\d tokens · 9\d\d characters$/);

  // Every state of the summary, to see that it grows.
  await page.evaluate(() => {
    const states = ((window as unknown as { states: string[] }).states = [] as string[]);
    new MutationObserver(() => states.push(document.querySelector("#summary-text")!.textContent)).observe(
      document.querySelector("#summary-text")!,
      { childList: true, characterData: true, subtree: true },
    );
  });
  await precis.run(ARTICLE);

  const report = (await page.evaluate(() => window.precis.report))!;
  checkReport(report);
  expect(report.model.id).toBe("smollm2-135m-instruct-q4_1");
  expect(report.plan).toMatchObject({ strategy: "one-pass", windows: 1 });
  expect(report.document.chars).toBe(ARTICLE.length);
  expect(report.environment).toMatchObject({ hidden_during_run: false, cross_origin_isolated: true });
  expect(report.backend).toMatchObject({ kind: "wasm-relaxed-simd", threads: Math.min(16, report.environment.logical_cores!) });

  expect(report.summary.length).toBeGreaterThan(20);
  expect(report.summary).toMatch(/bee|pollen|flower/i);
  await expect(page.locator("#summary-text")).toHaveText(report.summary.trim(), { useInnerText: true });
  const states = await page.evaluate(() => (window as unknown as { states: string[] }).states);
  const grown = states.filter((state) => state !== "");
  // A sentence may be written between two drawings.
  expect(grown.length).toBeGreaterThan(0);
  for (const [i, state] of grown.entries()) if (i > 0) expect(state.trimEnd().startsWith(grown[i - 1]!.trimEnd())).toBe(true);

  await precis.openFigures();
  await expect(precis.report.getByText("tokens per second read")).toBeVisible();
  await expect(precis.report.getByText("no GPU was used").first()).toBeAttached();
  for (const row of [/^Reading method\s*in one pass$/, /^Kind of document\s*prose$/]) await expect(precis.report.locator(".row").filter({ hasText: row })).toBeVisible();
  await expect(precis.reading).toHaveJSProperty("value", 1);
  await precis.copy.click();
  await expect(precis.report.getByRole("status")).toHaveText("Copied");
  expect(JSON.parse(await page.evaluate(() => navigator.clipboard.readText()))).toEqual(report);
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download JSON" }).click();
  expect((await download).suggestedFilename()).toBe("precis-report.json");

  const origin = new URL(page.url()).origin;
  expect(requests.filter((url) => !url.startsWith(origin) && !url.startsWith(`blob:${origin}`))).toEqual([]);
});

test("a document longer than the context is read in windows, and the page stays free", { tag: "@timed" }, async ({ page, precis }) => {
  test.setTimeout(420_000);
  await precis.open("real");
  await precis.openAdvanced();
  await page.getByLabel("Iterations").selectOption("2");
  await precis.benchmark.click();
  await expect(page.locator("#count")).toContainText("11,2");
  const browser = page.context().browser()!;
  const longestOfARun = async () => {
    await browser.startTracing(page, { categories: ["toplevel"] });
    await precis.summarize.click();
    await expect(page.locator("#left")).toHaveText(/^\d+:\d\d left$/);
    await expect(precis.reading).toHaveAttribute("aria-valuetext", /^[\d,]+ of [\d,]+ tokens read$/);
    await expect(precis.stage).toHaveText("Done", { timeout: 180_000 });
    return longestTask(await browser.stopTracing());
  };
  expect(await least(50, longestOfARun)).toBeLessThan(50);

  const report = (await page.evaluate(() => window.precis.report))!;
  checkReport(report);
  expect(report.plan.strategy).toBe("windows");
  expect(report.plan.windows).toBeGreaterThan(1);
  expect(report.plan.request).toContain("provide a brief one-sentence summary");
  expect(report.summary).toMatch(/software|architecture|system/i);
});

test("Cancel stops the reading within 250 ms, and the next run works", { tag: "@timed" }, async ({ page, precis }) => {
  await precis.open("real");
  await precis.benchmark.click();
  const cancelled = async () => {
    await precis.summarize.click();
    await expect(page.locator("#read")).toHaveText(/^[1-9]/);
    // The state says "Cancelled" only when the worker has answered that the engine has stopped.
    return page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          const stage = document.querySelector("#stage")!;
          let pressed = 0;
          new MutationObserver(() => stage.textContent === "Cancelled" && resolve(performance.now() - pressed)).observe(stage, { childList: true });
          const cancel = document.querySelector<HTMLButtonElement>("#cancel")!;
          cancel.addEventListener("click", () => (pressed = performance.now()), { capture: true, once: true });
          cancel.click();
        }),
    );
  };
  expect(await least(250, cancelled)).toBeLessThan(250);
  await expect(precis.cancel).toBeHidden();
  expect(await page.evaluate(() => window.precis.report)).toBeNull();
  await precis.run(ARTICLE);
  checkReport((await page.evaluate(() => window.precis.report))!);
});

/** The schema's promises: complete, consistent, and a reason for every null. */
function checkReport(report: Report): void {
  expect(report.schema).toBe("precis.report/1");
  const { prefill, decode } = report;
  const sum = (values: (number | null)[]) => values.reduce<number>((total, value) => total + value!, 0);
  expect(prefill.tokens).toBe(sum(prefill.chunks.map(({ tokens }) => tokens)));
  expect(prefill.ms).toBeCloseTo(sum(prefill.chunks.map(({ ms }) => ms)), 3);
  expect(prefill.tokens_per_second).toBeCloseTo((prefill.tokens / prefill.ms!) * 1000, 3);
  // The model only reads: its states say which sentences matter.
  expect(decode).toEqual({ tokens: 0, ms: null, tokens_per_second: null });
  expect(prefill.tokens).toBeGreaterThan(report.document.tokens / 2);
  expect(report.first_token_ms).toBeGreaterThan(0);
  for (const bytes of [report.load.bytes, report.memory.wasm_bytes, report.memory.kv_bytes]) expect(bytes).toBeGreaterThan(1000);
  const nulls = nullPaths(report, "");
  expect(Object.keys(report.absent).sort()).toEqual(nulls.sort());
  for (const reason of Object.values(report.absent)) expect(reason).not.toBe("");
}

function nullPaths(value: unknown, path: string): string[] {
  if (value === null) return [path];
  if (typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, inner]) => nullPaths(inner, path ? `${path}.${key}` : key));
}
