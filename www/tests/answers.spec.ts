/** Summaries of other lengths and forms, questions, and the way from a sentence to its passage. */
import type {} from "../src/ui/window.js";
import { ARTICLE, expect, test } from "./page.js";

test("key points lead to the passages that they come from", async ({ page, precis }) => {
  test.setTimeout(180_000);
  await precis.open("real");
  await page.getByLabel("Iterations").selectOption("1");
  await precis.benchmark.click();
  await expect(page.getByLabel("Form")).toBeDisabled();
  await page.getByLabel("Length").selectOption("short");
  await page.getByLabel("Form").selectOption("key-points");
  await precis.summarize.click();
  await expect(precis.stage).toHaveText("Done", { timeout: 150_000 });

  const report = (await page.evaluate(() => window.precis.report))!;
  const lines = report.summary.split("\n");
  expect(lines.length).toBe(3);
  expect(lines).toEqual(report.points.map(({ text }) => `- ${text}`));
  await expect(page.locator("#summary-text")).toHaveText(report.summary, { useInnerText: true });
  const document = await precis.document.inputValue();
  const sentences = precis.summary.locator(".point");
  for (const [i, { start, end, supported }] of report.points.entries()) {
    expect(supported).toBe(true);
    await sentences.nth(i).click();
    await expect(sentences.nth(i)).toHaveAttribute("aria-current", "true");
    await expect(page.locator("#source-quote")).toHaveText(document.slice(start, end).trim().replace(/\s+/g, " "));
    await page.getByRole("button", { name: "Show in document" }).click();
    await expect(precis.document).toBeFocused();
    const selected = await precis.document.evaluate((field: HTMLTextAreaElement) => [field.selectionStart, field.selectionEnd, field.scrollTop] as const);
    expect(selected.slice(0, 2)).toEqual([start, end]);
    if (start > document.length / 2) expect(selected[2]).toBeGreaterThan(0);
  }
  await expect(page.locator(".point[aria-current]")).toHaveCount(1);

  await precis.document.fill("Another text.");
  await page.getByRole("button", { name: "Show in document" }).click();
  await expect(page.locator("#source-note")).toContainText("This passage can't be shown in the document");
});

test("a question about a document that was read takes only the question", async ({ page, precis }) => {
  await precis.open("real");
  await precis.run(ARTICLE);
  await page.getByLabel("Or ask").fill("Which animals is this about?");
  await expect(page.getByLabel("Length")).toBeDisabled();
  await page.getByLabel("Or ask").press("Enter");
  await expect(precis.stage).not.toHaveText("Done");
  await expect(precis.stage).toHaveText("Done", { timeout: 60_000 });
  const report = (await page.evaluate(() => window.precis.report))!;
  expect(report.plan.request).toBe("Which animals is this about?");
  expect(report.prefill.reused_tokens).toBeGreaterThan(report.document.tokens);
  expect(report.prefill.tokens).toBeLessThan(30);
  expect(report.summary).toMatch(/bee/i);
});

test("what the text doesn't say is marked, in characters that JavaScript counts as two as well", async ({ page, precis }) => {
  // The engine's words can't be chosen, so they are put into its mouth where the worker hands them over.
  await page.addInitScript(() => {
    const listen = Worker.prototype.addEventListener;
    Worker.prototype.addEventListener = function (this: Worker, type: string, listener: never, options?: never) {
      const replaced = (event: MessageEvent) => {
        const report = event.data?.type === "result" ? event.data.result : null;
        if (report?.points) report.points = [{ text: report.summary, start: 3, end: 7, supported: false }];
        (listener as (event: MessageEvent) => void)(event);
      };
      return listen.call(this, type, (type === "message" ? replaced : listener) as EventListener, options);
    } as typeof listen;
  });
  await precis.open("tiny");
  await precis.run("🐝🐝 Bees fly from here to there.");
  const sentence = precis.summary.locator(".point");
  await expect(sentence).toHaveAccessibleDescription("Not clearly supported by the text");
  await sentence.click();
  await expect(page.locator("#source-note")).toContainText("doesn't clearly say this");
  await expect(page.locator("#source-quote")).toHaveText("Bees");
});

test("the source of a web page becomes its text", async ({ page, precis }) => {
  await precis.open("tiny");
  const source = `<!DOCTYPE html><html><head><title>t</title><style>p{}</style><script>document.title = "broken"</script></head>
    <body><nav>Menu</nav><h2>Bees &amp; honey</h2><p>Bees <b>collect</b>
    <a href="https://example.org">nectar</a>.</p><ul><li>one</li></ul><img src="x" onerror="document.title='broken'"></body></html>`;
  const text = /^## Bees & honey\n\nBees collect nectar\.\n\n\s*\* one$/;
  await precis.document.fill("Before. ");
  await precis.document.evaluate((field: HTMLTextAreaElement, source) => {
    field.setSelectionRange(8, 8);
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", source);
    field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, cancelable: true, bubbles: true }));
  }, source);
  await expect(precis.document).toHaveValue(/^Before\. ## Bees & honey/);
  await page.locator("#file").setInputFiles({ name: "a.html", mimeType: "text/html", buffer: Buffer.from(source) });
  await expect(precis.document).toHaveValue(text);
  expect(await page.title()).toBe("Précis");
  // A text that only speaks of markup is left as it is.
  await page.locator("#file").setInputFiles({ name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("Use <html> at the top.") });
  await expect(precis.document).toHaveValue("Use <html> at the top.");
});
