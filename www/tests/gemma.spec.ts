/** Gemma 3, the second model of the catalogue: chosen, its licence accepted, and a text read past its window of 512 tokens. */
import type {} from "../src/ui/window.js";
import { ARTICLE, expect, test } from "./page.js";

test("Gemma is chosen by hand, and goes on with the document", async ({ page, precis }) => {
  test.setTimeout(240_000);
  await precis.open("tiny");
  await page.getByRole("button", { name: "Choose model" }).click();
  const dialog = page.getByRole("dialog", { name: "Models" });
  await dialog.getByRole("button", { name: "Get and use: Gemma 3 270M (base)" }).click();
  await dialog.getByRole("checkbox", { name: /accept/ }).check();
  await dialog.getByRole("button", { name: "Accept, get 253 MB and use" }).click();
  await expect(precis.modelState).toHaveText("ready", { timeout: 90_000 });

  await precis.run(Array.from({ length: 6 }, (_, i) => `## Part ${i + 1}\n\n${ARTICLE}`).join("\n\n"));
  const report = (await page.evaluate(() => window.precis.report))!;
  expect(report.model).toMatchObject({ id: "gemma-3-270m-q4_k_m", architecture: "gemma3", context: 32_768 });
  expect(report.plan).toMatchObject({ strategy: "one-pass", windows: 1 });
  expect(report.document.tokens).toBeGreaterThan(900);
  expect(report.summary).toMatch(/\.$/);
  expect(report.summary).toMatch(/bee|pollen|flower/i);
});
