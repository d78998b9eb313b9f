/** The history of the comparison page: nothing twice, and nothing lost by a slip. */
import { card, configuration } from "./cards.js";
import { expect, test } from "./compare.js";

const laptop = () => card("Laptop", configuration("wasm-relaxed-simd", 4, 400));

test("a card that is here is not added again, also under another name", async ({ page, compare }) => {
  await compare.open();
  const said = compare.history.getByRole("status");
  await compare.import(JSON.stringify(laptop()));
  await expect(said).toHaveText("Added: Laptop");
  await compare.import(JSON.stringify(laptop(), null, 2));
  await expect(said).toHaveText("Already here: Laptop");
  await compare.history.getByRole("button", { name: "Rename Laptop" }).click();
  await page.keyboard.type("Old laptop");
  await page.keyboard.press("Enter");
  await expect(said).toHaveText("Renamed: Old laptop");
  await compare.import(JSON.stringify(laptop()));
  await expect(said).toHaveText("Already here: Old laptop");
  await expect(compare.history.getByRole("listitem")).toHaveCount(1);
  // Another card of the same device and minute.
  await compare.import(JSON.stringify(card("Laptop", configuration("wasm-simd", 1, 100))));
  await expect(said).toHaveText("Added: Laptop");
  await expect(compare.history.getByRole("listitem")).toHaveCount(2);
});

test("a deletion is announced and can be undone with the keyboard", async ({ page, compare }) => {
  await compare.open();
  const said = compare.history.getByRole("status");
  for (const [day, name] of ["First", "Second", "Third"].entries()) {
    await compare.import(JSON.stringify({ ...laptop(), name, created: `2026-03-0${day + 1}T05:06:07Z` }));
    await expect(compare.item(name)).toBeVisible();
  }
  await compare.history.getByRole("button", { name: "Delete Second" }).press("Enter");
  await expect(said).toHaveText("Deleted: Second Undo");
  await expect(compare.item("Second")).toHaveCount(0);
  // Opening another card does not take the offer away.
  await compare.history.getByRole("button", { name: "Open First" }).click();
  await expect(compare.result.getByRole("heading", { name: "First" })).toBeVisible();
  await compare.history.getByRole("heading", { name: "History" }).focus();
  await page.keyboard.press("Tab");
  await expect(said.getByRole("button", { name: "Undo" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(said).toHaveText("Restored: Second");
  await expect(compare.history.getByRole("heading", { name: "History" })).toBeFocused();
  await expect(compare.history.locator(".kept-name")).toHaveText(["Third", "Second", "First"]);
  await page.reload();
  await expect(compare.history.locator(".kept-name")).toHaveText(["Third", "Second", "First"]);
});

test("a deletion can still be undone after a comparison with nothing", async ({ compare }) => {
  await compare.open();
  const said = compare.history.getByRole("status");
  for (const [day, name] of ["First", "Second"].entries()) {
    await compare.import(JSON.stringify({ ...laptop(), name, created: `2026-03-0${day + 1}T05:06:07Z` }));
    await expect(said).toHaveText(`Added: ${name}`);
  }
  await compare.history.getByRole("button", { name: "Open First" }).click();
  await expect(compare.result.getByRole("heading", { name: "First" })).toBeVisible();
  await compare.history.getByRole("button", { name: "Delete Second" }).click();
  await expect(said).toHaveText("Deleted: Second Undo");
  await compare.history.getByRole("button", { name: "Compare First" }).click();
  await expect(said).toContainText("There is no other card");
  await said.getByRole("button", { name: "Undo" }).click();
  await expect(said).toHaveText("Restored: Second");
});
