/** Getting a document into the page, and what happens when it is not one. */
import { createHash } from "node:crypto";
import type {} from "../src/ui/window.js";
import { heldAfter, inWorker } from "./faults.js";
import { expect, test } from "./page.js";

/** Drops a file of these bytes on the text field. */
async function drop(page: import("@playwright/test").Page, bytes: number[], name: string): Promise<void> {
  const data = await page.evaluateHandle(
    ({ bytes, name }) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([new Uint8Array(bytes)], name));
      return transfer;
    },
    { bytes, name },
  );
  await page.dispatchEvent("#document", "dragover", { dataTransfer: data });
  await page.dispatchEvent("#document", "drop", { dataTransfer: data });
}

test("the benchmark button loads the workload's exact bytes", async ({ page, precis }) => {
  await precis.open("tiny");
  await precis.benchmark.click();
  await expect(precis.document).toHaveValue(/Iteration 8 of 8/);
  const sha256 = createHash("sha256").update(await precis.document.inputValue()).digest("hex");
  expect(sha256).toBe("d21950e9cb1b8e6292a4bad0e287ca59d1c7af11c661c5de561080fa179b8982");
  await expect(page.locator("#count")).toContainText(/^[\d,]+ tokens · 257,996 characters$/);
});

test("Summarize waits for the benchmark that was asked for", async ({ page, precis }) => {
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/article-*.md", async (route) => {
    await held;
    await route.continue();
  });
  await precis.open("tiny");
  await precis.benchmark.click();
  await precis.summarize.click();
  await expect(precis.cancel).toBeVisible();
  release();
  // The field was empty when Summarize was pressed.
  await expect(page.locator("#read")).toHaveText(/ of \d\d\d,\d\d\d tokens read$/);
  await precis.cancel.click();
  await expect(precis.stage).toHaveText("Cancelled");
});

test("a text file can be dropped and opened", async ({ page, precis }) => {
  await precis.open("tiny");
  await drop(page, [...new TextEncoder().encode("Grüße aus der Datei")], "a.txt");
  await expect(precis.document).toHaveValue("Grüße aus der Datei");
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Open file" }).click();
  await (await chooser).setFiles({ name: "b.md", mimeType: "text/markdown", buffer: Buffer.from("# Opened") });
  await expect(precis.document).toHaveValue("# Opened");
});

test("a binary file is refused and leaves the document alone", async ({ page, precis }) => {
  await precis.open("tiny");
  await precis.document.fill("kept");
  await drop(page, [0x50, 0x4b, 3, 4, 0, 0xff], "a.zip");
  await expect(precis.alert.locator(".error")).toHaveAttribute("data-code", "document-not-text");
  await expect(precis.alert).toContainText("This ZIP file is damaged or incomplete");
  await expect(precis.document).toHaveValue("kept");
  await drop(page, [0x6f, 0x6b], "a.txt");
  await expect(precis.alert).toBeEmpty();
});

test("a file over 10 MB is refused before it is read", async ({ page, precis }) => {
  await precis.open("tiny");
  await page.locator("#file").setInputFiles({ name: "big.txt", mimeType: "text/plain", buffer: Buffer.alloc(10_000_001, "a") });
  await expect(precis.alert.locator(".error")).toHaveAttribute("data-code", "document-too-large");
});

test("a long text does not freeze the field, and all of it counts", async ({ page, precis }) => {
  await precis.open("tiny");
  await page.locator("#file").setInputFiles({ name: "long.txt", mimeType: "text/plain", buffer: Buffer.from("A line of text.\n".repeat(50_000)) });
  await expect(page.locator("#held")).toBeVisible();
  await expect(page.locator("#count")).toContainText("800,000 characters");
  expect((await precis.document.inputValue()).length).toBe(20_000);
  await page.getByRole("button", { name: "Clear" }).click();
  await expect(precis.document).toBeFocused();
  await expect(precis.document).toHaveValue("");
  await page.evaluate(() => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", "pasted ".repeat(100_000));
    document.querySelector("#document")!.dispatchEvent(new ClipboardEvent("paste", { clipboardData, cancelable: true, bubbles: true }));
  });
  await expect(page.locator("#count")).toContainText("700,000 characters");
});

test("an empty document gets a sentence that says what to do", async ({ precis }) => {
  await precis.open("tiny");
  for (const text of ["", " \n\t "]) {
    await precis.document.fill(text);
    await precis.summarize.click();
    await expect(precis.alert.locator(".error")).toHaveAttribute("data-code", "empty-document");
    await expect(precis.alert).toContainText("paste or open a text");
    await expect(precis.stage).toHaveText("Failed");
  }
  // The next run clears it away.
  await precis.run("A text with a sentence.");
  await expect(precis.alert).toBeEmpty();
});

test("a crash during a run is said, and Try again does the run", async ({ page, precis, complaints }) => {
  // The second run has fewer chunks.
  await inWorker(page, heldAfter(3));
  await precis.open("tiny");
  await precis.benchmark.click();
  await precis.summarize.click();
  await expect(page.locator("#read")).toHaveText(/^[1-9]/);
  await page.workers()[0]!.evaluate(() => void setTimeout(() => { throw new Error("planted"); }));
  await expect(precis.alert.locator(".error")).toHaveAttribute("data-code", "worker-crashed");
  await expect(precis.stage).toHaveText("Failed");
  complaints.length = 0;
  await precis.document.fill("Bees collect nectar.");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(precis.stage).toHaveText("Done");
  await expect(precis.alert).toBeEmpty();
});

test("what is pasted stays text", async ({ page, precis }) => {
  await precis.open("tiny");
  const attack = `<img src=x onerror="document.title='broken'"><script>document.title='broken'</script> <b>bold</b> <|im_start|>`;
  await precis.run(attack.repeat(5));
  expect(await page.title()).toMatch(/^Précis/);
  expect(await page.locator("main img, main script, main b").count()).toBe(0);
});

test("markup in a summary stays text", async ({ page, precis }) => {
  // The engine's words can't be chosen, so they are put into its mouth where the worker hands them over.
  await page.addInitScript(() => {
    const markup = `<img src=x onerror="document.title='broken'">`;
    const listen = Worker.prototype.addEventListener;
    Worker.prototype.addEventListener = function (this: Worker, type: string, listener: never, options?: never) {
      const replaced = (event: MessageEvent) => {
        if (event.data?.type === "event" && event.data.event.type === "piece") event.data.event.text = markup;
        if (event.data?.type === "result" && event.data.result.summary) event.data.result.summary = markup;
        (listener as (event: MessageEvent) => void)(event);
      };
      return listen.call(this, type, (type === "message" ? replaced : listener) as EventListener, options);
    } as typeof listen;
  });
  await precis.open("tiny");
  await precis.run("Some text to read here.");
  await expect(page.locator("#summary-text")).toHaveText(`<img src=x onerror="document.title='broken'">`);
  expect(await page.title()).toMatch(/^Précis/);
});

test("the whole job works from the keyboard", async ({ page, precis }) => {
  await precis.open("tiny");
  const focused = () => page.evaluate(() => document.activeElement?.id);
  const order = async (steps: number) => {
    const ids: (string | undefined)[] = [];
    for (let i = 0; i < steps; i++) {
      await page.keyboard.press("Tab");
      ids.push(await focused());
    }
    return ids;
  };
  // Keys start from the top.
  await page.getByRole("heading", { level: 1 }).click();
  // Three links to pages come first; the examples have no names.
  expect(await order(8)).toEqual(["", "", "", "choose-model", "theme", "language", "open", "document"]);
  await page.keyboard.type("Bees collect nectar and pollen from flowers.");
  expect(await order(8)).toEqual(["", "", "", "", "benchmark", "length", "form", "summarize"]);
  const outline = await page.locator("#summarize").evaluate((button) => getComputedStyle(button).outlineStyle);
  expect(outline).toBe("solid");
  await page.keyboard.press("Enter");
  await expect(precis.stage).toHaveText("Done");
  // The focus went to Cancel with the run and came back with its end.
  expect(await focused()).toBe("summarize");
  // Those without names are "Advanced", the number after the sentence, and "Speed chart and all figures".
  expect(await order(14)).toEqual(["", "copy-summary", "copy-markdown", "share", "print", "", "shorter", "longer", "other-form", "instruction", "ask-now", "copy", "download-report", ""]);
  await page.locator("#document").focus();
  await page.evaluate(() => (window.precis.report = null));
  await page.keyboard.press("Control+Enter");
  await page.waitForFunction(() => window.precis.report);
});
