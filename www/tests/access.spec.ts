/** Every state of the page, in light and dark, wide and narrow: axe finds nothing, nothing overflows, and a picture is kept. */
import { inspect } from "./inspect.js";
import { ARTICLE, expect, test } from "./page.js";

/** PRECIS_PICTURES=real takes the pictures with the real model, to show to people. */
const model = process.env.PRECIS_PICTURES === "real" ? "real" : "tiny";

for (const scheme of ["light", "dark"] as const) {
  for (const width of [1280, 360]) {
    test(`accessible in ${scheme}, ${width} px wide`, async ({ page, precis }) => {
      const name = `${scheme}-${width}`;
      // A picture in the middle of a transition is of neither state.
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      await page.setViewportSize({ width, height: 800 });
      await precis.open(model);
      await inspect(page, `${name}-start`);

      await precis.benchmark.click();
      await precis.summarize.click();
      await expect(page.locator("#left")).toHaveText(/left$/);
      await expect(page.locator("#read")).toHaveText(/^([5-9]\d\d|[\d,]{5,}) of/, { timeout: 60_000 });
      await inspect(page, `${name}-reading`);
      await precis.cancel.click();
      await expect(precis.stage).toHaveText("Cancelled");

      await precis.run(ARTICLE);
      await inspect(page, `${name}-done`);

      await precis.document.fill(" ");
      await precis.summarize.click();
      await expect(precis.alert).toContainText("empty-document");
      await inspect(page, `${name}-error`);
    });
  }
}

test("nothing moves for those who ask for less motion", async ({ page, precis }) => {
  await precis.open("tiny");
  const moving = await page.evaluate(() => {
    const rules = (list: CSSRuleList, free: boolean): [string, boolean][] =>
      [...list].flatMap((rule) => {
        if (rule instanceof CSSMediaRule) return rules(rule.cssRules, free || rule.conditionText === "(prefers-reduced-motion: no-preference)");
        const moves = rule instanceof CSSStyleRule && [rule.style.transitionProperty, rule.style.animationName].some((value) => value !== "");
        return moves ? [[rule.cssText, free] as [string, boolean]] : [];
      });
    return [...document.styleSheets].flatMap((sheet) => rules(sheet.cssRules, false));
  });
  expect(moving.length).toBeGreaterThan(0);
  expect(moving.filter(([, free]) => !free)).toEqual([]);
});
