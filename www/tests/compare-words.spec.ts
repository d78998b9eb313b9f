/** What the comparison page says to people who are not engineers, on screens of every width. */
import { card, configuration } from "./cards.js";
import { expect, fragment, test } from "./compare.js";
import { inspect } from "./inspect.js";

const laptop = () => card("Laptop", configuration("wasm-relaxed-simd", 4, 400), configuration("webgpu", 1, 900));

test("each figure says once what it means, and whether more is better", async ({ compare }) => {
  await compare.open();
  await compare.import(JSON.stringify(laptop()));
  await expect(compare.result.getByRole("heading", { name: "Laptop" })).toBeVisible();
  const heads = await compare.result.getByRole("table", { name: "Figures" }).locator("tbody th > span").evaluateAll((all) =>
    all.map((head) => [(head.firstChild?.textContent ?? "").split(",")[0]!, head.querySelector(".meaning")?.textContent ?? ""] as const),
  );
  const kinds = [...new Set(heads.map(([kind]) => kind))];
  expect(kinds).toEqual(expect.arrayContaining(["Score", "Reading speed", "Time to first token", "Writing speed", "Loading the model", "Peak", "Certificate"]));
  for (const kind of kinds) {
    const [first, ...others] = heads.filter(([one]) => one === kind).map(([, meaning]) => meaning);
    // Where the model came from is neither good nor bad.
    expect(first, kind).toMatch(kind === "Model came from" ? /./ : /(More|Less) is better\.$|Only a card that passes counts\.$/);
    expect(others.filter((meaning) => meaning !== ""), kind).toEqual([]);
  }
  for (const figure of await compare.result.getByRole("figure").all()) await expect(figure.locator("figcaption")).toContainText("better");
  await expect(compare.result.locator(".headline")).toContainText("until an answer begins: less is better");

  await expect(compare.result.getByText("Browser/1.0")).toBeHidden();
  await compare.result.locator("summary", { hasText: "Technical details" }).click();
  await expect(compare.result.getByText("Browser/1.0")).toBeVisible();
  await expect(compare.result.getByRole("table", { name: "Technical details" }).getByRole("row", { name: "Why this backend" })).toContainText("asked for");
});

for (const width of [320, 390, 768]) {
  test(`a shared card and a comparison fit a screen of ${width} px`, async ({ page, compare }) => {
    await page.emulateMedia({ colorScheme: width === 390 ? "dark" : "light", reducedMotion: "reduce" });
    await page.setViewportSize({ width, height: 800 });
    await compare.open(fragment(JSON.stringify(card("x".repeat(600), configuration("wasm-relaxed-simd", 4, 1234)))));
    await inspect(page, `compare-shared-${width}`);
    const fetched = { ...laptop(), name: "The very long name of the computer under the table at home" };
    fetched.configurations.forEach((one) => (one.loaded_from = "network"));
    await compare.import(JSON.stringify(fetched));
    await expect(compare.item("The very long name")).toBeVisible();
    await compare.import(JSON.stringify(card("Desk", configuration("wasm-relaxed-simd", 8, 1600))));
    await expect(compare.item("Desk")).toBeVisible();
    await compare.history.getByRole("button", { name: "Compare The very" }).click();
    await compare.history.getByRole("button", { name: "Delete Desk" }).click();
    await expect(compare.history.getByRole("status")).toContainText("Deleted");
    await inspect(page, `compare-beside-${width}`);
    // Every column is seen without scrolling sideways.
    const tables = await page.locator(".comparison .scroll").evaluateAll((all) => all.map(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth));
    expect(tables).toEqual([0]);
  });
}
