/** What a screen reader is told without being asked, in order. docs/screen-reader.md has it in words. */
import type { Page } from "@playwright/test";
import { ARTICLE, expect, test } from "./page.js";

declare global {
  interface Window {
    heard: string[];
  }
}

/** Waits until the live regions have said these, in this order, with or without other things between them. Returns all that they said. */
async function says(page: Page, ...expected: (string | RegExp)[]): Promise<string[]> {
  const heard: string[] = [];
  const left = [...expected];
  await expect
    .poll(async () => {
      const more = await page.evaluate(() => window.heard.splice(0));
      heard.push(...more);
      for (const text of more) if (left[0] !== undefined && (typeof left[0] === "string" ? text === left[0] : left[0].test(text))) left.shift();
      return [...left.map(String), ...(left.length > 0 ? [`heard: ${heard.join(" / ")}`] : [])];
    }, { timeout: 60_000 })
    .toEqual([]);
  return heard;
}

test("what happens is said once, in order", async ({ page, precis }) => {
  await page.addInitScript(() => {
    window.heard = [];
    const before = new WeakMap<Element, string>();
    // A region says its new text when it changes while it can be seen; one that is busy waits until it is not.
    const listen = () => {
      for (const region of document.querySelectorAll<HTMLElement>("[role=status], [role=alert], [aria-live=polite]")) {
        if (region.closest("[aria-busy=true]")) continue;
        // Parts with aria-live="off" are not said.
        const silent = [...region.querySelectorAll<HTMLElement>("[aria-live=off]")].map((part) => part.innerText);
        const whole = silent.reduce((left, part) => left.replace(part, ""), region.innerText);
        const text = region.checkVisibility() ? whole.replace(/\s+/g, " ").trim() : "";
        if (text !== (before.get(region) ?? "") && text !== "") window.heard.push(region.role === "alert" ? `alert: ${text}` : text);
        before.set(region, text);
      }
    };
    new MutationObserver(listen).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
  });
  await precis.open("tiny");
  await says(page, "not downloaded", "loading", "ready");

  await page.locator("input[type=file]").first().setInputFiles({ name: "article.txt", mimeType: "text/plain", buffer: Buffer.from(ARTICLE) });
  await says(page, "Opening article.txt");
  await expect(precis.document).toHaveValue(ARTICLE);

  await precis.summarize.click();
  const whole = await says(page, "Reading", "Done", /^Bees visit flowers/);
  const said = await page.locator("#summary-text").innerText();
  await precis.copySummary.click();
  whole.push(...(await says(page, "Copied")));
  // The summary is said once, when it is complete, and not piece by piece.
  expect(whole.filter((text) => text.startsWith("Bees"))).toEqual([said.replace(/\s+/g, " ").trim()]);
  await precis.summary.getByRole("button", { name: /Source of sentence 1/ }).click();
  await says(page, /Quoted from the document: Bees visit flowers/);

  await precis.ask("Who flies?");
  const answer = (await says(page, "Reading", "Done", /^Who flies\? /)).find((text) => text.startsWith("Who flies?"));
  expect(answer).toMatch(/They may not answer it\.$/);
  expect((await page.locator("#summary-text").innerText()).slice(0, 40)).toBe(said.slice(0, 40));

  await precis.document.fill("Another text. ".repeat(30));
  await says(page, "This summary is about another text. Press Summarize for a new one.");
  await precis.document.fill(" ");
  await precis.summarize.click();
  await says(page, "Failed", "alert: The document is empty: paste or open a text.");

  await precis.benchmark.click();
  await precis.summarize.click();
  await says(page, "Reading", /^Reading part \d+ of \d+$/);
  await precis.cancel.click();
  await says(page, "Cancelled");
});
