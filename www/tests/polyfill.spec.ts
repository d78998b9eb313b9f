/** Which Summarizer a page has after `precis/polyfill`. */
import { expect, test } from "./package.js";

test.describe("which Summarizer a page gets", () => {
  for (const [native, expected] of [["available", "native"], ["unavailable", "precis"]] as const) {
    test(`one of the browser's own that is ${native}`, async ({ page, site }) => {
      await page.goto(site.origin);
      const found = await page.evaluate(
        async ({ address, native }) => {
          Object.assign(globalThis, { Summarizer: { availability: async () => native } });
          const { ready } = (await import(address)) as typeof import("../src/package/api/polyfill.js");
          return [await ready, typeof (globalThis as unknown as { Summarizer: unknown }).Summarizer];
        },
        { address: `${site.origin}/pkg/polyfill.js`, native },
      );
      expect(found).toEqual([expected, expected === "native" ? "object" : "function"]);
    });
  }
});
