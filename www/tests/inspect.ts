import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

/** axe finds nothing. */
export async function accessible(page: Page): Promise<void> {
  // Its other mode exists for frames of other origins, of which we have none, and takes twice as long.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(", ")}`)).toEqual([]);
}

/** axe finds nothing, nothing overflows, and a picture of this name is kept. */
export async function inspect(page: Page, name: string): Promise<void> {
  await accessible(page);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(overflow).toBe(0);
  await page.screenshot({ path: `test-results/pictures/${name}.png`, fullPage: true });
}
