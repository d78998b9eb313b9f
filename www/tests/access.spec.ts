/** Every state of the page, in light and dark, wide and narrow: axe finds nothing, nothing overflows, and a picture is kept. */
import { heldAfter, inWorker } from "./faults.js";
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
      // However fast the machine, the run is under way when it is looked at.
      await inWorker(page, heldAfter(model === "tiny" ? 12 : 3));
      await precis.open(model);
      await inspect(page, `${name}-start`);

      await precis.benchmark.click();
      await precis.summarize.click();
      await expect(page.locator("#left")).toHaveText(/left$/);
      await expect(page.locator("#read")).toHaveText(/^[\d,]{3,} of/, { timeout: 60_000 });
      await inspect(page, `${name}-reading`);
      await precis.cancel.click();
      await expect(precis.stage).toHaveText("Cancelled");

      await precis.run(ARTICLE);
      await inspect(page, `${name}-done`);

      await precis.document.fill(" ");
      await precis.summarize.click();
      await expect(precis.alert.locator(".error")).toHaveAttribute("data-code", "empty-document");
      await inspect(page, `${name}-error`);
    });
  }
}

// On two processors what moves takes some of the reading speed from threads that compute beside it.
test("nothing moves but what a run draws", async ({ page, precis }) => {
  await precis.open("tiny");
  const moving = await page.evaluate(() => {
    const rules = (list: CSSRuleList): string[] =>
      [...list].flatMap((rule) => {
        if (rule instanceof CSSMediaRule) return rules(rule.cssRules);
        const moves = rule instanceof CSSStyleRule && [rule.style.transitionProperty, rule.style.animationName].some((value) => value !== "");
        return moves ? [rule.cssText] : [];
      });
    return [...document.styleSheets].flatMap((sheet) => rules(sheet.cssRules));
  });
  expect(moving).toEqual([]);
});
