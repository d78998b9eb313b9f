import { expect, test } from "@playwright/test";

const TEXT = "Microservices architecture is an approach to developing a single application as a suite of small services. ".repeat(12);

for (const scheme of ["light", "dark"] as const) {
  for (const width of [1280, 360]) {
    test(`pictures, ${scheme}, ${width} px`, async ({ page }) => {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width, height: 800 });
      await page.goto("/");
      await expect(page.locator("#model-state")).toHaveText("ready");
      const name = `test-results/screens/${scheme}-${width}`;
      await page.screenshot({ path: `${name}-start.png`, fullPage: true });
      await page.getByRole("button", { name: "Load the 40k-token benchmark" }).click();
      await page.getByRole("button", { name: "Summarize" }).click();
      await expect(page.locator("#read")).toContainText(/^1\d,/);
      await page.screenshot({ path: `${name}-reading.png`, fullPage: true });
      await page.getByRole("button", { name: "Cancel" }).click();
      await page.getByRole("textbox", { name: "Document" }).fill(TEXT);
      await page.getByRole("button", { name: "Summarize" }).click();
      await expect(page.locator("#stage")).toHaveText("Done");
      await page.screenshot({ path: `${name}-done.png`, fullPage: true });
      await page.getByRole("textbox", { name: "Document" }).fill(" ");
      await page.getByRole("button", { name: "Summarize" }).click();
      await expect(page.locator("#alert")).toContainText("empty-document");
      await page.screenshot({ path: `${name}-error.png`, fullPage: true });
    });
  }
}
