/** The page on a GPU, and on one that goes away. */
import type { Page } from "@playwright/test";
import type {} from "../src/ui/window.js";
import type { Report } from "../src/package/api/index.js";
import { inWorker, losing, NO_ADAPTER } from "./faults.js";
import { ARTICLE, expect, type Precis, test } from "./page.js";

/** Fits the tiny model's context, and so is read in one pass. */
const SHORT = "Bees visit flowers to collect nectar and pollen. ".repeat(4);

const SWIFTSHADER = "google swiftshader";

/** Chooses what computes, and waits until the model is ready there. */
async function computeOn(precis: Precis, label: string): Promise<void> {
  await precis.runOn(label);
  await expect(precis.modelState).toHaveText("ready");
}

/** The report of a run of `text`. */
async function report(page: Page, precis: Precis, text: string): Promise<Report> {
  await precis.run(text);
  // "Done" may still be that of the run before.
  return (await page.waitForFunction(() => window.precis.report)).jsonValue() as Promise<Report>;
}

test("the GPU reads what the processor does, and the page says who did", async ({ page, precis }) => {
  await precis.open("tiny");
  await expect(precis.compute).toHaveValue("auto");
  await expect(precis.device).toHaveText(/^processor, \d+ threads?$/);
  await computeOn(precis, "Processor");
  const onProcessor = await report(page, precis, SHORT);
  expect(onProcessor.backend).toMatchObject({ kind: "wasm-relaxed-simd", adapter: null });

  await computeOn(precis, "GPU (WebGPU)");
  await expect(precis.device).toHaveText(`GPU, ${SWIFTSHADER}`);
  const onGpu = await report(page, precis, SHORT);
  expect(onGpu.backend).toMatchObject({ kind: "webgpu", adapter: SWIFTSHADER, reason: "asked for" });
  expect(onGpu.memory.gpu_bytes).toBeGreaterThan(onGpu.load.bytes);
  expect(onGpu.load.pipelines_ms).toBeGreaterThan(0);
  expect(onGpu.absent).not.toHaveProperty(["memory.gpu_bytes"]);
  expect(onGpu.prefill.tokens).toBe(onProcessor.prefill.tokens);
  expect(onGpu.prefill.tokens).toBe(onGpu.prefill.chunks.reduce((sum, { tokens }) => sum + tokens, 0));
  await expect(precis.report).toContainText(`on the GPU, ${SWIFTSHADER} (webgpu)`);
  await precis.openFigures();
  for (const row of [/^Adapter.*swiftshader/, /^GPU.*MB/, /^Pipelines.*s/, /^Keys and values.*MB/]) {
    await expect(precis.report.locator(".row").filter({ hasText: row })).toBeVisible();
  }

  // Kept for the next visit.
  await page.reload();
  await precis.getModel();
  await expect(precis.device).toHaveText(`GPU, ${SWIFTSHADER}`);
  await expect(precis.compute).toHaveValue("webgpu");
});

test("the automatic choice skips a software renderer", async ({ page, precis }) => {
  await precis.open("tiny");
  const { backend } = await report(page, precis, ARTICLE);
  expect(backend).toMatchObject({ kind: "wasm-relaxed-simd", adapter: null });
  expect(backend.reason).toContain(`${SWIFTSHADER} is a software renderer`);
});

test("without a GPU the processor computes, and the page says why", async ({ page, precis }) => {
  await inWorker(page, NO_ADAPTER);
  await precis.open("tiny");
  await computeOn(precis, "GPU (WebGPU)");
  await expect(precis.device).toContainText(/^processor, \d+ threads?: .*No GPU could be used/);
  const { backend } = await report(page, precis, ARTICLE);
  expect(backend).toMatchObject({ kind: "wasm-relaxed-simd", adapter: null });
  expect(backend.reason).toContain("No GPU could be used");
});

for (const [times, kind] of [[1, "webgpu"], [2, "wasm-relaxed-simd"]] as const) {
  test(`a GPU that is lost ${times === 1 ? "once is opened again" : "twice gives way to the processor"}`, async ({ page, precis }) => {
    await inWorker(page, losing(times, "read"));
    await page.addInitScript(() => localStorage.setItem("precis-compute", "webgpu"));
    await precis.open("tiny");
    await expect(precis.device).toHaveText(`GPU, ${SWIFTSHADER}`);
    // Every state of the line that tells, and of the count beside it.
    await page.evaluate(() => {
      const states = ((window as unknown as { states: string[] }).states = [] as string[]);
      const told = document.querySelector("#restarted")!;
      new MutationObserver(() => states.push(`${told.textContent}${document.querySelector("#read")!.textContent}`)).observe(told, { childList: true });
    });
    const { backend, prefill, summary } = await report(page, precis, ARTICLE.repeat(3));
    expect(backend.kind).toBe(kind);
    expect(backend.reason).toContain("the run was restarted: The GPU was lost");
    expect(prefill.tokens).toBe(prefill.chunks.reduce((sum, { tokens }) => sum + tokens, 0));
    const states = await page.evaluate(() => (window as unknown as { states: string[] }).states);
    expect(states.filter((state) => state.startsWith("This run was restarted. The GPU was lost"))).toHaveLength(times);
    expect(states.filter((state) => /tokens read$/.test(state))).toHaveLength(0);
    await expect(page.locator("#restarted")).toHaveText(/^This run was restarted/);
    await page.screenshot({ path: `test-results/pictures/lost-${times}.png`, fullPage: true });
    await expect(page.locator("#summary-text")).toHaveText(summary.trim(), { useInnerText: true });
    await expect(precis.device).toHaveText(kind === "webgpu" ? `GPU, ${SWIFTSHADER}` : /^processor, .*The GPU was lost/);

    // The next run is an ordinary one, where this one ended.
    const next = await report(page, precis, ARTICLE);
    expect(next.backend.kind).toBe(kind);
    await expect(page.locator("#restarted")).toBeEmpty();
  });
}

test("Cancel stops a run on the GPU, and the next one works", async ({ page, precis }) => {
  await page.addInitScript(() => localStorage.setItem("precis-compute", "webgpu"));
  await precis.open("tiny");
  await precis.benchmark.click();
  await precis.summarize.click();
  await expect(precis.compute).toBeDisabled();
  await expect(page.locator("#read")).toHaveText(/^[1-9]/);
  await precis.cancel.click();
  await expect(precis.stage).toHaveText("Cancelled");
  await expect(precis.compute).toBeEnabled();
  const { backend } = await report(page, precis, ARTICLE);
  expect(backend.kind).toBe("webgpu");
});
