/** What was read before is not read again: in this page, after a reload, and after a run that was broken off. */
import type {} from "../src/ui/window.js";
import { expect, type Precis, test } from "./page.js";

/** Long enough for several windows of the tiny model. */
function long(changed = "", parts = 6): string {
  const part = (i: number) => `## Part ${i}\n\n${`Service ${i} is a small program with one task. It runs by itself${i === 3 ? changed : ""}. `.repeat(9)}\n\n`;
  return Array.from({ length: parts }, (_, i) => part(i + 1)).join("");
}

/** Resolves when notes have reached the browser's storage. */
async function untilNotesAreStored(): Promise<void> {
  const root = await navigator.storage.getDirectory();
  for (;;) {
    const folder = await root.getDirectoryHandle("precis-notes").catch(() => null);
    for await (const file of folder?.values() ?? []) if ((await (file as FileSystemFileHandle).getFile()).size > 0) return;
    // In each frame: the tiny model is done in seconds.
    await new Promise(requestAnimationFrame);
  }
}

const report = async ({ page }: Precis) => {
  const { plan, ...report } = (await page.evaluate(() => window.precis.report))!;
  return { ...report, plan: { ...plan, remembered: plan.remembered! } };
};

test("only what is new is read, also after a reload, until it is forgotten", async ({ page, precis }) => {
  const reuse = page.getByRole("checkbox", { name: "Reuse what was read before" });
  await precis.open("tiny");
  await precis.openAdvanced();
  await expect(reuse).toBeChecked();
  await precis.run(long());
  const first = await report(precis);
  expect(first.plan.windows).toBeGreaterThan(3);
  expect(first.plan.remembered).toBe(0);

  await precis.run(long());
  const again = await report(precis);
  expect(again.summary).toBe(first.summary);
  expect(again.plan.remembered).toBe(first.plan.windows);
  expect(again.prefill.tokens).toBeLessThan(first.prefill.tokens / 2);
  await precis.openFigures();
  await expect(precis.report.getByText("Windows reused")).toBeVisible();

  await precis.open("tiny");
  await precis.run(long(", quietly"));
  const edited = await report(precis);
  expect(edited.plan.windows - edited.plan.remembered).toBeGreaterThan(0);
  expect(edited.plan.windows - edited.plan.remembered).toBeLessThanOrEqual(3);

  await precis.openAdvanced();
  await reuse.uncheck();
  await precis.run(long(", quietly"));
  const fresh = await report(precis);
  expect(fresh.summary).toBe(edited.summary);
  expect(fresh.plan.remembered + fresh.prefill.reused_tokens).toBe(0);

  await reuse.check();
  await page.getByRole("button", { name: "Forget it" }).click();
  await expect(page.getByText("Forgotten.")).toBeVisible();
  await precis.run(long());
  expect((await report(precis)).plan.remembered).toBe(0);
});

test("a run that was broken off goes on where it was, in another tab", async ({ page, precis }) => {
  await precis.open("tiny");
  const text = long("", 80);
  await precis.document.fill(text);
  await precis.summarize.click();
  await page.evaluate(untilNotesAreStored);
  // As a tab that is closed in the middle of it.
  await precis.open("tiny");
  await precis.run(text);
  const { plan } = await report(precis);
  expect(plan.remembered).toBeGreaterThan(0);
  expect(plan.remembered).toBeLessThan(plan.windows);
});

test("the benchmark reads everything unless it is told not to", async ({ page, precis }) => {
  const reuse = page.getByRole("checkbox", { name: "Reuse what was read before" });
  await precis.open("tiny");
  await precis.openAdvanced();
  await precis.benchmark.click();
  await expect(reuse).not.toBeChecked();
});
