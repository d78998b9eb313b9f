/** Summaries of other lengths and forms, questions, and the way from a sentence to its passage. */
import type {} from "../src/ui/window.js";
import { ARTICLE, expect, test } from "./page.js";

test("key points lead to the passages that they come from", async ({ page, precis }) => {
  test.setTimeout(180_000);
  await precis.open("real");
  await precis.openAdvanced();
  await page.getByLabel("Iterations").selectOption("1");
  await precis.benchmark.click();
  await page.getByLabel("Length").selectOption("short");
  await page.getByLabel("Form").selectOption("key-points");
  await precis.summarize.click();
  await expect(precis.stage).toHaveText("Done", { timeout: 150_000 });

  const report = (await page.evaluate(() => window.precis.report))!;
  const lines = report.summary.split("\n");
  expect(lines.length).toBe(3);
  expect(lines).toEqual(report.points.map(({ text }) => `- ${text}`));
  await expect(precis.summary.getByRole("listitem")).toHaveText(report.points.map(({ text }) => text), { useInnerText: true });
  const document = await precis.document.inputValue();
  const sentences = precis.summary.locator(".point");
  for (const [i, { start, end, support, supported }] of report.points.entries()) {
    // A small model quotes.
    expect([support, supported]).toEqual(["quoted", true]);
    const number = precis.summary.getByRole("button", { name: `Source of sentence ${i + 1}, quoted from the document` });
    await number.click();
    await expect(number).toHaveAttribute("aria-expanded", "true");
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
  await expect(page.locator("#source-note")).toContainText("This passage can't be shown");
});

test("a question is answered with sentences of the document, of which few are read", async ({ page, precis }) => {
  await precis.open("real");
  await precis.run(ARTICLE);
  const summary = await page.locator("#summary-text").innerText();
  await precis.ask("What do bees collect from flowers?");
  await expect(precis.stage).not.toHaveText("Done");
  await expect(precis.stage).toHaveText("Done", { timeout: 60_000 });
  const report = (await page.evaluate(() => window.precis.report))!;
  expect(report.plan.request).toBe("What do bees collect from flowers?");
  expect(report.plan.strategy).toBe("passages");
  expect(report.prefill.tokens).toBeLessThan(1000);
  expect(report.points[0]!.text).toMatch(/nectar|pollen/i);
  for (const { text } of report.points) expect(ARTICLE.replaceAll(/\s+/g, " ")).toContain(text);
  // Beneath the summary, which stays.
  const answer = precis.summary.getByRole("article");
  await expect(answer.getByRole("heading")).toHaveText("What do bees collect from flowers?");
  await expect(answer.locator(".summary-text")).toHaveText(report.summary, { useInnerText: true });
  await expect(page.locator("#summary-text")).toHaveText(summary, { useInnerText: true });
  await expect(page.getByLabel("Ask a question")).toHaveValue("");
  await expect(answer).toContainText("closest to the question. They may not answer it.");
  await answer.getByRole("button", { name: "Copy answer" }).click();
  await expect(answer.getByRole("status")).toHaveText("Copied");
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(report.summary);
});

test("a summary that is asked for as a question is no search", async ({ precis }) => {
  await precis.open("tiny");
  await precis.document.fill(ARTICLE);
  await precis.ask("What is this about?");
  await expect(precis.stage).toHaveText("Done", { timeout: 60_000 });
  const answer = precis.summary.getByRole("article");
  await expect(answer.locator(".point")).toHaveCount(3);
  await expect(answer).not.toContainText("closest to the question");
});

test("a question that the document does not answer is said so", async ({ page, precis }) => {
  await precis.open("real");
  await precis.document.fill(ARTICLE);
  await precis.ask("Who won the football championship?");
  await expect(precis.stage).toHaveText("Done", { timeout: 60_000 });
  await expect(precis.summary.getByRole("article").locator(".summary-text")).toHaveText("The document does not say.");
  await expect(precis.summary.locator(".point")).toHaveCount(0);
  const report = (await page.evaluate(() => window.precis.report))!;
  expect(report.points).toEqual([]);
});

test("each sentence says whose words it is in, in characters that JavaScript counts as two as well", async ({ page, precis }) => {
  // The engine's words can't be chosen, so they are put into its mouth where the worker hands them over.
  await page.addInitScript(() => {
    const listen = Worker.prototype.addEventListener;
    Worker.prototype.addEventListener = function (this: Worker, type: string, listener: never, options?: never) {
      const replaced = (event: MessageEvent) => {
        const report = event.data?.type === "result" ? event.data.result : null;
        if (report?.points) {
          report.summary = "They fly. Insects travel. Cows swim.";
          report.points = [
            { text: "They fly.", start: 3, end: 7, supported: true, support: "quoted" },
            { text: "Insects travel.", start: 8, end: 11, supported: true, support: "supported" },
            { text: "Cows swim.", start: 12, end: 16, supported: false, support: "unsupported" },
          ];
        }
        (listener as (event: MessageEvent) => void)(event);
      };
      return listen.call(this, type, (type === "message" ? replaced : listener) as EventListener, options);
    } as typeof listen;
  });
  await precis.open("tiny");
  await precis.run("🐝🐝 Bees fly from here to there.");
  const expected = [
    ["quoted from the document", "Quoted from the document:", "Bees"],
    ["in the model's words", "In the model's words. The document says:", "fly"],
    ["not clearly supported by the text", "The text doesn't clearly say this. The closest passage:", "from"],
  ] as const;
  for (const [i, [description, note, passage]] of expected.entries()) {
    await precis.summary.getByRole("button", { name: `Source of sentence ${i + 1}, ${description}`, exact: true }).click();
    await expect(page.locator("#source-note")).toHaveText(note);
    await expect(page.locator("#source-quote")).toHaveText(passage);
  }
  // Escape closes the card and goes back to the number.
  await page.keyboard.press("Escape");
  await expect(page.locator("#source")).toBeHidden();
  await expect(precis.summary.getByRole("button", { name: /^Source of sentence 3/ })).toBeFocused();
  // A click on the sentence does the same.
  await precis.summary.getByText("Insects travel.").click();
  await expect(page.locator("#source-quote")).toHaveText("fly");
  await page.keyboard.press("Escape");
  // The quotation marks and the numbers are no text, and so are not copied.
  await expect(page.locator("#summary-text")).toHaveText("They fly. Insects travel. Cows swim.", { useInnerText: true });
  const copied = await page.locator("#summary-text").evaluate((text) => {
    getSelection()!.selectAllChildren(text);
    return getSelection()!.toString();
  });
  expect(copied.trim()).toBe("They fly. Insects travel. Cows swim.");
  const mark = await precis.summary.locator(".point.quoted").evaluate((sentence) => getComputedStyle(sentence, "::before").content);
  expect(mark).toContain("“");
  await expect(precis.summary.locator(".point.quoted")).toHaveCount(1);
});

test("the source of a web page becomes its text", async ({ page, precis }) => {
  await precis.open("tiny");
  const source = `<!DOCTYPE html><html><head><title>t</title><style>p{}</style><script>document.title = "broken"</script></head>
    <body><nav>Menu</nav><h2>Bees &amp; honey</h2><p>Bees <b>collect</b>
    <a href="https://example.org">nectar</a>.</p><ul><li>one</li></ul><img src="x" onerror="document.title='broken'"></body></html>`;
  const text = "## Bees & honey\n\nBees collect nectar.\n\n- one";
  await precis.document.fill("Before. ");
  await precis.document.evaluate((field: HTMLTextAreaElement, source) => {
    field.setSelectionRange(8, 8);
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", source);
    field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, cancelable: true, bubbles: true }));
  }, source);
  await expect(precis.document).toHaveValue(`Before. ${text}`);
  await page.locator("#file").setInputFiles({ name: "a.html", mimeType: "text/html", buffer: Buffer.from(source) });
  await expect(precis.document).toHaveValue(text);
  expect(await page.title()).toMatch(/^Précis/);
  // A text that only speaks of markup is left as it is, and so is one that begins like it.
  for (const plain of ["Use <html> at the top.", "<Ada> Is the hive open?\n<Ben> Not yet."]) {
    await page.locator("#file").setInputFiles({ name: "a.txt", mimeType: "text/plain", buffer: Buffer.from(plain) });
    await expect(precis.document).toHaveValue(plain);
  }
  // A page that scripts would fill leaves the document alone.
  await page.locator("#file").setInputFiles({ name: "b.htm", mimeType: "text/html", buffer: Buffer.from('<!doctype html><div id="app"></div><script>start()</script>') });
  await expect(precis.alert.locator(".error")).toHaveAttribute("data-code", "empty-document");
  await expect(precis.alert).toContainText("This web page has no text in its source");
  await expect(precis.document).toHaveValue("<Ada> Is the hive open?\n<Ben> Not yet.");
});
