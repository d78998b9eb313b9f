/** What a person does with a summary, and that no work is lost. */
import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import type {} from "../src/ui/window.js";
import { ARTICLE, expect, test } from "./page.js";

/** The text of the clipboard. */
const pasted = (page: Page) => page.evaluate(() => navigator.clipboard.readText());

test("the summary is copied in one click, also with its sources", async ({ page, precis }) => {
  await precis.open("tiny");
  await expect(precis.copySummary).toBeDisabled();
  await precis.run(ARTICLE);
  const { summary, points } = (await page.evaluate(() => window.precis.report))!;
  await precis.copySummary.click();
  await expect(precis.summary.getByText("Copied", { exact: true })).toBeVisible();
  expect(await pasted(page)).toBe(summary);
  await page.getByRole("button", { name: "Copy with sources" }).click();
  await expect(precis.summary.getByText("Copied as Markdown")).toBeVisible();
  const markdown = await pasted(page);
  for (const [i, { text, start, end }] of points.entries()) {
    expect(markdown).toContain(`${text}”[^${i + 1}]`);
    expect(markdown).toContain(`[^${i + 1}]: ${ARTICLE.slice(start, end).trim().replace(/\s+/g, " ")}`);
  }
});

test("a document puts no picture and no link into what is copied", async ({ page, precis }) => {
  await precis.open("tiny");
  await precis.run("The bees of the valley made 40 kilograms of honey ![hive](https://example.org/hive.png) in [May](https://example.org), says the <b>club</b>.");
  await page.getByRole("button", { name: "Copy with sources" }).click();
  await expect(precis.summary.getByText("Copied as Markdown")).toBeVisible();
  const markdown = await pasted(page);
  expect(markdown).toContain("\\[hive\\](https://example.org/hive.png) in \\[May\\](https://example.org), says the \\<b>club");
  // But for the marks of footnotes.
  expect(markdown.replaceAll(/\[\^\d\]/g, "")).not.toMatch(/(?<!\\)[[<]/);
});

test("a sentence is selected by mouse, and nothing else is selected with it", async ({ page, precis }) => {
  await precis.open("tiny");
  await precis.run(ARTICLE);
  const sentence = precis.summary.locator(".point").first();
  const [first, last] = await sentence.evaluate((node) => {
    const boxes = [...node.getClientRects()];
    return [boxes[0]!, boxes.at(-1)!].map(({ left, right, top, bottom }) => ({ left, right, y: (top + bottom) / 2 }));
  });
  // The quotation marks are drawn at both ends.
  await page.mouse.move(first!.left + 1, first!.y);
  await page.mouse.down();
  await page.mouse.move(last!.right - 1, last!.y, { steps: 8 });
  await page.mouse.up();
  expect(await page.evaluate(() => getSelection()!.toString().trim())).toBe(await sentence.textContent());
  // A drag that selects does not open the source.
  await expect(page.locator("#source")).toBeHidden();
});

test("the speed that the page shows at the end is the Report's", async ({ page, precis }) => {
  await precis.open("tiny");
  for (let run = 0; run < 3; run++) {
    await precis.run(`${ARTICLE} ${run}`);
    const { prefill } = (await page.evaluate(() => window.precis.report))!;
    const shown = prefill.tokens_per_second! >= 100 ? Math.round(prefill.tokens_per_second!).toLocaleString("en") : /[\d.]+/;
    // Two frames: drawings that were scheduled during the run would come now.
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    await expect(page.locator("#speed")).toHaveText(new RegExp(`^${typeof shown === "string" ? shown : shown.source} tokens per second$`));
    await expect(page.locator("#read")).toHaveText(new RegExp(`^Read ${prefill.tokens.toLocaleString("en")} tokens in `));
    await expect(page.locator("#left")).toBeEmpty();
    await expect(precis.report).toContainText(`Read ${prefill.tokens.toLocaleString("en")} tokens in`);
  }
});

for (const [width, height] of [[1280, 800], [768, 1024], [390, 844], [320, 640]] as const) {
  test(`progress and the place of the summary are in view during a run, ${width} px wide`, async ({ page, precis }) => {
    await page.setViewportSize({ width, height });
    await precis.open("tiny");
    await precis.benchmark.click();
    await expect(precis.document).toHaveValue(/Iteration 8 of 8/);
    await precis.summarize.click();
    await expect(page.locator("#read")).toHaveText(/^[1-9]/);
    await expect(precis.reading).toBeInViewport();
    await expect(precis.cancel).toBeInViewport();
    await expect(precis.summary.getByRole("heading", { name: "Summary" })).toBeInViewport();
    expect(await page.title()).toMatch(/^\d+ % · Précis$/);
    await page.keyboard.press("Escape");
    await expect(precis.stage).toHaveText("Cancelled");
    expect(await page.title()).toMatch(/^Précis/);
  });
}

test("the document, the options, the summary and the answers survive a reload", async ({ page, precis }) => {
  await precis.open("tiny");
  await page.getByLabel("Length").selectOption("medium");
  await precis.run(ARTICLE);
  await precis.ask("What do bees collect?");
  await expect(precis.summary.getByRole("article").locator(".summary-text")).not.toHaveClass(/writing/);
  await expect(precis.stage).toHaveText("Done");
  const summary = await page.locator("#summary-text").innerText();
  const answer = await precis.summary.getByRole("article").innerText();
  await page.reload();
  await expect(precis.document).toHaveValue(ARTICLE);
  await expect(page.getByLabel("Length")).toHaveValue("medium");
  await expect(page.locator("#summary-text")).toHaveText(summary, { useInnerText: true });
  await expect(precis.summary.getByRole("article")).toHaveText(answer, { useInnerText: true });
  await expect(precis.copy).toBeEnabled();
  // Sources still lead into the document.
  await precis.summary.getByRole("button", { name: /^Source of sentence 1/ }).first().click();
  await page.getByRole("button", { name: "Show in document" }).click();
  await expect(precis.document).toBeFocused();
  // Another tab knows nothing of it.
  const other = await page.context().newPage();
  await other.goto("/");
  await expect(other.getByRole("textbox", { name: "Document" })).toHaveValue("");
  await other.close();
});

test("a text that was replaced can be brought back", async ({ page, precis }) => {
  await precis.open("tiny");
  // What replaces nothing offers nothing.
  await page.getByRole("button", { name: "Contract" }).click();
  await expect(precis.document).toHaveValue(/rent/i);
  await expect(page.getByRole("button", { name: "Bring it back" })).toBeHidden();
  await precis.document.fill("Words that took an hour to write.");
  await page.getByRole("button", { name: "Minutes" }).click();
  await expect(precis.document).not.toHaveValue(/an hour/);
  await page.getByRole("button", { name: "Bring it back" }).click();
  await expect(precis.document).toHaveValue("Words that took an hour to write.");
  await precis.benchmark.click();
  await expect(precis.document).toHaveValue(/Iteration 8 of 8/);
  await precis.document.press("Control+z");
  await expect(precis.document).toHaveValue("Words that took an hour to write.");
});

test("a document that was summarized before comes back with its summary", async ({ page, precis }) => {
  await precis.open("tiny");
  const earlier = page.getByRole("group").filter({ hasText: "Earlier documents" });
  await precis.run(ARTICLE);
  const article = await page.locator("#summary-text").innerText();
  await expect(earlier).toBeHidden();
  await page.getByRole("button", { name: "Contract" }).click();
  await expect(precis.document).toHaveValue(/rent/i);
  const contract = await precis.document.inputValue();
  await expect(precis.summary.getByRole("status").filter({ hasText: "This summary is about another text." })).toBeVisible();
  await precis.run(contract);
  await expect(precis.summary).not.toContainText("This summary is about another text.");
  // The list leaves out the document that is shown.
  await page.getByText("Earlier documents").click();
  await expect(earlier.getByRole("listitem")).toHaveCount(1);
  await page.reload();
  await page.getByText("Earlier documents").click();
  await earlier.getByRole("button", { name: ARTICLE.slice(0, 20) }).first().click();
  await expect(precis.document).toHaveValue(ARTICLE);
  await expect(page.locator("#summary-text")).toHaveText(article, { useInnerText: true });
  await precis.summary.getByRole("button", { name: /^Source of sentence 1/ }).first().click();
  await page.getByRole("button", { name: "Show in document" }).click();
  await expect(precis.document).toBeFocused();
  await expect(earlier.getByRole("button", { name: contract.trim().slice(0, 10) }).first()).toBeVisible();
  // Also on a small phone nothing is cut off.
  await page.setViewportSize({ width: 320, height: 640 });
  expect(await earlier.getByRole("list").evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBe(0);
  await earlier.getByRole("button", { name: /^Remove/ }).click();
  await expect(earlier).toBeHidden();
  await page.reload();
  await expect(precis.document).toHaveValue(ARTICLE);
  await expect(earlier).toBeHidden();
});

test("earlier documents stay on the device only if the person wants that", async ({ page, precis }) => {
  await precis.open("tiny");
  await precis.run(ARTICLE);
  await page.getByRole("button", { name: "Minutes" }).click();
  await expect(precis.document).not.toHaveValue(ARTICLE);
  const there = async () => {
    const other = await page.context().newPage();
    await other.goto("/");
    const listed = await other.getByText("Earlier documents").isVisible();
    await other.close();
    return listed;
  };
  expect(await there()).toBe(false);
  await page.getByText("Earlier documents").click();
  await page.getByLabel("Keep them on this device").check();
  expect(await there()).toBe(true);
  await page.getByLabel("Keep them on this device").uncheck();
  expect(await there()).toBe(false);
  await page.getByRole("button", { name: "Delete all of them" }).click();
  await expect(page.getByText("Earlier documents")).toBeHidden();
  await page.reload();
  await expect(precis.document).not.toHaveValue("");
  await expect(page.getByText("Earlier documents")).toBeHidden();
});

test("another length or form takes one click", async ({ page, precis }) => {
  await precis.open("tiny");
  await precis.run(ARTICLE);
  const again = async (name: string) => {
    await page.evaluate(() => (window.precis.report = null));
    await page.getByRole("button", { name }).click();
    await page.waitForFunction(() => window.precis.report);
    return (await page.evaluate(() => window.precis.report))!;
  };
  const short = (await page.evaluate(() => window.precis.report))!;
  const longer = await again("Longer");
  expect(longer.points.length).toBeGreaterThan(short.points.length);
  await expect(page.getByLabel("Length")).toHaveValue("medium");
  expect((await again("As key points")).summary).toMatch(/^- /);
  await expect(precis.summary.getByRole("listitem").first()).toBeVisible();
  expect((await again("Shorter")).points.length).toBe(short.points.length);
});

test("on a phone the summary stands at the top of the screen, and stays there when it gets shorter", async ({ page, precis }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await precis.open("tiny");
  await precis.run(ARTICLE);
  const top = () => page.locator("#summary-title").evaluate((title) => Math.abs(Math.round(title.getBoundingClientRect().top)));
  expect(await top()).toBe(0);
  const numbers = precis.summary.locator(".cite");
  const before = await numbers.count();
  await page.getByRole("button", { name: "Shorter" }).click();
  await expect(precis.stage).toHaveText("Done");
  await expect(numbers).toHaveCount(1);
  expect(before).toBeGreaterThan(1);
  expect(await top()).toBe(0);
});

for (const [width, height] of [[1280, 800], [390, 844]] as const) {
  test(`an answer comes into view, ${width} px wide`, async ({ page, precis }) => {
    await page.setViewportSize({ width, height });
    await precis.open("tiny");
    await precis.run(ARTICLE);
    for (const question of ["Who flies?", "What do bees collect?", "How many summers?"]) {
      await page.evaluate(() => (window.precis.report = null));
      await precis.ask(question);
      await page.waitForFunction(() => window.precis.report);
      await expect(precis.summary.getByRole("heading", { name: question })).toBeInViewport({ ratio: 1 });
      await expect(precis.summary.getByRole("article").last().locator(".summary-text")).toBeInViewport({ ratio: 1 });
    }
  });
}

test("the number of a source stands on the line of the sentence's last word", async ({ page, precis }) => {
  await precis.open("tiny");
  await precis.run(ARTICLE);
  const alone = await page.locator("#summary-text").evaluate((text: HTMLElement) => {
    const numbers = [...text.querySelectorAll(".cite")];
    if (numbers.length < 3) throw new Error("too few numbers");
    const isAlone = (number: Element) => number.getBoundingClientRect().top > [...number.previousElementSibling!.getClientRects()].at(-1)!.bottom - 4;
    return Array.from({ length: 300 }, (_, i) => {
      text.style.width = `${100 + i}px`;
      return numbers.filter(isAlone).length;
    });
  });
  expect(alone.filter((count) => count > 0)).toEqual([]);
});

test("a request at the document's end is shown, and can be ignored", async ({ page, precis }) => {
  await precis.open("tiny");
  const request = "Summarize the text above in one sentence.";
  await precis.run(`${ARTICLE}\n\n${request}`);
  await expect(precis.summary.getByText(request)).toBeVisible();
  expect(await page.evaluate(() => window.precis.report!.points.length)).toBe(1);
  await page.getByRole("button", { name: "Ignore the request" }).click();
  await page.waitForFunction(() => window.precis.report);
  const { points, plan } = (await page.evaluate(() => window.precis.report))!;
  expect(points.length).toBeGreaterThan(1);
  expect(plan.request).not.toBe(request);
  await expect(page.locator("#summary-request")).toBeHidden();
});

test("a shared link holds the summary and its sources, and a damaged one says so", async ({ page, precis, context }) => {
  await precis.open("tiny");
  await precis.run(ARTICLE);
  await page.getByRole("button", { name: "Share" }).click();
  await expect(precis.summary.getByText("Copied a link")).toBeVisible();
  const link = await pasted(page);
  const other = await context.newPage();
  const asked: string[] = [];
  other.on("request", (request) => asked.push(request.url()));
  await other.setViewportSize({ width: 390, height: 844 });
  await other.goto(link);
  await expect(other.locator("#summary-text")).toHaveText(await page.locator("#summary-text").innerText(), { useInnerText: true });
  // On a phone it would be below the document, and below the offer to download a model.
  await expect(other.getByRole("button", { name: "Download now" })).toBeVisible();
  await expect(other.getByText("Somebody shared this summary")).toBeInViewport();
  await expect(other.locator("#summary-text")).toBeInViewport();
  await other.getByRole("button", { name: /^Source of sentence 1/ }).click();
  await expect(other.locator("#source-quote")).not.toBeEmpty();
  // The summary stays in the fragment, which no server sees.
  expect(asked.filter((url) => url.includes("summary="))).toEqual([]);
  for (const damaged of [link.slice(0, -20), `${link.slice(0, link.indexOf("#"))}#summary=!!`, link.replace("#summary=", "#summary=x")]) {
    await other.goto("about:blank");
    await other.goto(damaged);
    await expect(other.getByRole("alert").filter({ hasText: "This link does not hold a summary" })).toBeVisible();
  }
  await other.close();
});

test("the theme is changed, kept, and used before the page is drawn", async ({ page, precis }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await precis.open("tiny");
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await background();
  const theme = page.getByRole("button", { name: /^Theme/ });
  await theme.click();
  await expect(theme).toHaveText("Theme: light");
  expect(await background()).toBe(light);
  await theme.click();
  await expect(theme).toHaveText("Theme: dark");
  const dark = await background();
  expect(dark).not.toBe(light);
  await page.reload();
  await expect(theme).toHaveText("Theme: dark");
  await page.goto("/gallery.html");
  expect(await background()).toBe(dark);
});

test("Clear everything leaves nothing behind", async ({ page, precis }) => {
  await precis.open("real");
  await precis.run(ARTICLE);
  page.on("dialog", (dialog) => void dialog.accept());
  await precis.openAdvanced();
  await page.getByRole("button", { name: "Clear everything" }).click();
  await expect(precis.modelState).toHaveText("not downloaded");
  await expect(precis.document).toHaveValue("");
  await expect(precis.summary.getByText("Your summary appears here.")).toBeVisible();
  const left = await page.evaluate(async () => {
    const folder = await navigator.storage.getDirectory();
    const files: string[] = [];
    // The page makes the folder of models again when it looks for one.
    for await (const [name, handle] of folder.entries()) for await (const file of (handle as FileSystemDirectoryHandle).keys()) files.push(`${name}/${file}`);
    return { files, local: Object.keys(localStorage), databases: (await indexedDB.databases()).map(({ name }) => name) };
  });
  expect(left).toEqual({ files: [], local: [], databases: [] });
});

test("the estimate before a run comes from earlier runs", async ({ page, precis }) => {
  await precis.open("tiny");
  await precis.document.fill(ARTICLE);
  await expect(page.locator("#count")).toContainText("tokens");
  await expect(page.locator("#estimate")).toBeEmpty();
  await precis.run(ARTICLE);
  await precis.document.fill(ARTICLE.repeat(2));
  await expect(page.locator("#estimate")).toHaveText(/^About \d+ s on this device$/);
});

test("the manifest describes an app that opens files", async ({ page, request }) => {
  await page.goto("/");
  const href = await page.locator('link[rel="manifest"]').getAttribute("href");
  const manifest = (await (await request.get(new URL(href!, page.url()).href)).json()) as { icons: { src: string }[]; start_url: string; file_handlers: { accept: Record<string, string[]> }[] };
  for (const { src } of manifest.icons) expect((await request.get(new URL(src, page.url()).href)).ok()).toBe(true);
  // What the app opens, the file field takes, too.
  const field = await page.locator("#file").getAttribute("accept");
  for (const ending of manifest.file_handlers.flatMap(({ accept }) => Object.values(accept).flat())) expect(field!.split(",")).toContain(ending);
});

test("examples are of the kinds that they are named after", async ({ page, precis }) => {
  await precis.open("tiny");
  for (const [name, kind] of [["Article", "prose"], ["Minutes", "minutes"], ["Contract", "contract"], ["Mail thread", "mail"]] as const) {
    await page.getByRole("button", { name }).click();
    const text = readFileSync(`src/summarize/examples/${name === "Mail thread" ? "mail" : name.toLowerCase()}.txt`, "utf8");
    await expect(precis.document).toHaveValue(text);
    await precis.run(text);
    expect((await page.evaluate(() => window.precis.report!.document.kind))!).toBe(kind);
  }
});

test("what can't be read, and another look at a shared link, leave the summary alone", async ({ page, precis }) => {
  await precis.open("tiny");
  await precis.run(ARTICLE);
  const summary = await page.locator("#summary-text").innerText();
  await page.getByRole("button", { name: "Share" }).click();
  await expect(precis.summary.getByText("Copied a link")).toBeVisible();
  const link = await pasted(page);
  await precis.document.fill("https://example.org/page");
  await precis.summarize.click();
  await expect(precis.alert).toContainText("This is only an address");
  await expect(page.locator("#summary-text")).toHaveText(summary, { useInnerText: true });
  // The link is opened, the person summarizes a text of their own, and reloads.
  await page.goto("about:blank");
  await page.goto(link.replace("/#", "/?model=tiny.gguf#").replace(/\?model=tiny\.gguf\?/, "?"));
  await expect(page.getByText("Somebody shared this summary")).toBeVisible();
  await precis.getModel();
  await precis.run(`${ARTICLE} It is another text.`);
  const own = await page.locator("#summary-text").innerText();
  await page.reload();
  await expect(page.getByText("Somebody shared this summary")).toBeHidden();
  await expect(page.locator("#summary-text")).toHaveText(own, { useInnerText: true });
});

test("a text is brought back also after a second look at the same example", async ({ page, precis }) => {
  await precis.open("tiny");
  await precis.document.fill("Words that took an hour to write.");
  await page.getByRole("button", { name: "Minutes" }).dblclick();
  await expect(precis.document).toHaveValue(/ALLOTMENT/);
  await page.getByRole("button", { name: "Bring it back" }).click();
  await expect(precis.document).toHaveValue("Words that took an hour to write.");
});
