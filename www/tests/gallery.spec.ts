import { readdirSync, readFileSync } from "node:fs";
import { expect, type Page, test } from "@playwright/test";
import { filtered, rowsOf, sorted } from "../src/gallery/rows.js";
import type { Card } from "../src/package/wasm/simd/precis.js";
import { inspect } from "./inspect.js";

const FOLDER = new URL("../../gallery/", import.meta.url);
const cards = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".json"))
  .map((name) => JSON.parse(readFileSync(new URL(name, FOLDER), "utf8")) as Card);

const rows = (page: Page) => page.locator("tbody tr");

test("the gallery shows every card, sorts and filters", async ({ page }) => {
  await page.goto("gallery.html");
  const all = rowsOf(cards);
  expect(all.length).toBeGreaterThan(1);
  await expect(rows(page)).toHaveCount(all.length);
  const devices = () => page.locator("tbody td:nth-child(2)").allTextContents();
  expect(await devices()).toEqual(sorted(all, "score", true).map(({ backend }) => backend));

  const head = page.getByRole("columnheader", { name: /Read 512/ });
  await head.getByRole("button").press("Enter");
  await expect(head).toHaveAttribute("aria-sort", "descending");
  expect(await devices()).toEqual(sorted(all, "read512", true).map(({ backend }) => backend));
  await head.getByRole("button").press("Enter");
  await expect(head).toHaveAttribute("aria-sort", "ascending");

  await page.getByRole("searchbox", { name: "Filter" }).fill("native");
  const native = filtered(all, "native");
  expect(native.length).toBeLessThan(all.length);
  await expect(rows(page)).toHaveCount(native.length);
  await expect(page.getByRole("status")).toHaveText(`${native.length} of ${all.length} entries`);
  await page.getByRole("searchbox", { name: "Filter" }).fill("no such device");
  await expect(rows(page)).toHaveCount(0);
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`the gallery is accessible and fits a phone, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto("gallery.html");
    await expect(rows(page)).not.toHaveCount(0);
    await inspect(page, `gallery-${colorScheme}`);
  });
}

test("what has no figure comes last", () => {
  const row = (score: number | null) => ({ ...rowsOf(cards)[0]!, score });
  const scores = (descending: boolean) => sorted([row(null), row(1), row(2)], "score", descending).map(({ score }) => score);
  expect(scores(true)).toEqual([2, 1, null]);
  expect(scores(false)).toEqual([1, 2, null]);
});
