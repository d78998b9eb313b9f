/** Choosing a model on the page: the catalogue, files, addresses, licences, and what is kept. */
import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { UNSUPPORTED } from "./headers.js";
import { inspect } from "./inspect.js";
import { ARTICLE, expect, type Precis, test } from "./page.js";
import { recommended } from "../src/summarize/model-facts.js";
import { tinyModel } from "./paths.js";
import models from "../../models/models.json" with { type: "json" };

const TINY = readFileSync(tinyModel);
/** The same model under another hash. */
const OTHER = Buffer.concat([TINY, Buffer.from("and a byte more")]);

/** The dialog, by its accessible names. */
function dialogOf(page: Page) {
  const dialog = page.getByRole("dialog", { name: "Models" });
  return {
    dialog,
    rows: dialog.getByRole("listitem"),
    address: dialog.getByLabel("From an address"),
    lookUp: dialog.getByRole("button", { name: "Look it up" }),
    keep: dialog.getByLabel("Keep it on this device"),
    alert: dialog.getByRole("alert"),
    /** Opens a file as the person's choice. */
    openFile: async (name: string, buffer: Buffer) => {
      const chooser = page.waitForEvent("filechooser");
      await dialog.getByRole("button", { name: "Open a model file…" }).click();
      await (await chooser).setFiles({ name, mimeType: "application/octet-stream", buffer });
    },
  };
}

async function openDialog(page: Page) {
  await page.getByRole("button", { name: "Choose model" }).click();
  return dialogOf(page);
}

/** The page with the tiny model, and another one kept from disk. */
async function withKept(page: Page, precis: Precis, name: string, bytes: Buffer): Promise<void> {
  const { openFile, keep, dialog } = await openDialog(page);
  await openFile(name, bytes);
  await expect(dialog.getByRole("heading", { name })).toBeVisible();
  await keep.check();
  await dialog.getByRole("button", { name: "Use this model" }).click();
  await expect(page.locator("#model-name")).toHaveText(name);
  await expect(page.locator("#model-detail")).toContainText("Saved for offline use");
  await expect(precis.modelState).toHaveText("ready");
}

test("a file from disk is described, used, and summarizes", async ({ page, precis }) => {
  await precis.open("tiny");
  const { openFile, dialog, keep } = await openDialog(page);
  await openFile("own.gguf", OTHER);
  await expect(dialog.getByRole("heading", { name: "own.gguf" })).toBeFocused();
  await expect(dialog).toContainText("Architecturellama");
  await expect(dialog).toContainText("512 tokens");
  await expect(keep).not.toBeChecked();
  await dialog.getByRole("button", { name: "Use this model" }).click();
  await expect(dialog).toBeHidden();
  await expect(precis.modelState).toHaveText("ready");
  await expect(page.locator("#model-detail")).toHaveText("Read from its file, which has to be opened again next time.");
  await precis.run(ARTICLE);
  expect(await page.evaluate(() => window.precis.report!.model)).toMatchObject({ id: "own.gguf" });
  // It was not kept, so another visit has the default again.
  expect(await page.evaluate(() => localStorage.getItem("precis-model"))).toBeNull();
});

test("a model dropped on the page is offered, and no document", async ({ page, precis }) => {
  await precis.open("tiny");
  const data = await page.evaluateHandle((base64) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], "dropped.GGUF"));
    return transfer;
  }, TINY.toString("base64"));
  await page.locator("body").dispatchEvent("drop", { dataTransfer: data });
  await expect(dialogOf(page).dialog.getByRole("heading", { name: "dropped.GGUF" })).toBeVisible();
  await expect(precis.document).toHaveValue("");
  await expect(precis.alert).toBeEmpty();
});

for (const [what, { bytes, code, names }] of Object.entries(UNSUPPORTED)) {
  test(`an unsupported ${what} is named and nothing is loaded`, async ({ page, precis }) => {
    await precis.open("tiny");
    const { openFile, alert } = await openDialog(page);
    await openFile("other.gguf", bytes);
    await expect(alert).toContainText(names);
    await expect(alert.locator(".error")).toHaveAttribute("data-code", code);
    await page.keyboard.press("Escape");
    await expect(precis.modelState).toHaveText("ready");
    await expect(page.locator("#model-name")).toHaveText("tiny.gguf");
  });
}

test("an address is looked up, kept if wanted, and found again on another visit", async ({ page, precis, context }) => {
  await precis.open("tiny");
  const { address, lookUp, keep, dialog } = await openDialog(page);
  await address.fill(new URL("/models/tiny.gguf", page.url()).href);
  await lookUp.click();
  await expect(dialog.getByRole("heading", { name: "tiny.gguf" })).toBeVisible();
  await expect(keep).toBeChecked();
  await dialog.getByRole("button", { name: "Get 0.1 MB and use" }).click();
  await expect(page.locator("#model-detail")).toContainText("Saved for offline use");
  const second = await context.newPage();
  await second.goto("/");
  await expect(second.locator("#model-name")).toHaveText("tiny.gguf");
  await expect(second.locator("#model-state")).toHaveText("ready");
  await second.close();
});

test("an address that the page can't reach is refused before it is asked", async ({ page, precis }) => {
  await precis.open("tiny");
  const { address, lookUp, alert } = await openDialog(page);
  for (const host of ["https://example.org", "https://huggingface.co.example.org", "https://evil-hf.co"]) {
    await address.fill(`${host}/model.gguf`);
    await lookUp.click();
    await expect(alert).toContainText(`This page can't reach ${new URL(host).host}: download the file yourself`);
  }
});

test("the page of a file on Hugging Face stands for the file", async ({ page, precis }) => {
  await precis.open("tiny");
  await page.route("https://huggingface.co/**", (route) => route.fulfill({ path: tinyModel, headers: { "Access-Control-Allow-Origin": "*" } }));
  const asked = page.waitForRequest("https://huggingface.co/**");
  const { address, lookUp, dialog } = await openDialog(page);
  await address.fill("https://huggingface.co/someone/models/blob/main/model.gguf");
  await lookUp.click();
  await expect(dialog.getByRole("heading", { name: "model.gguf" })).toBeVisible();
  expect((await asked).url()).toBe("https://huggingface.co/someone/models/resolve/main/model.gguf");
});

test("a licence is shown and accepted before any byte is fetched", async ({ page, precis, complaints }) => {
  const asked: string[] = [];
  await precis.open("tiny");
  await page.route("**/models/gemma-*", (route) => {
    asked.push(route.request().url());
    return route.fulfill({ status: 404 });
  });
  const { dialog } = await openDialog(page);
  await dialog.getByRole("button", { name: "Get and use: Gemma 3 270M (base)" }).click();
  await expect(dialog.getByRole("link", { name: "the Gemma terms" })).toHaveAttribute("href", "https://ai.google.dev/gemma/terms");
  const take = dialog.getByRole("button", { name: "Accept, get 253 MB and use" });
  await expect(take).toBeDisabled();
  // Going back accepts nothing.
  await dialog.getByRole("button", { name: "Back" }).click();
  await dialog.getByRole("button", { name: "Get and use: Gemma 3 270M (base)" }).click();
  await expect(take).toBeDisabled();
  expect(asked).toEqual([]);
  await dialog.getByRole("checkbox", { name: "I have read and accept the Gemma terms." }).check();
  expect(asked).toEqual([]);
  await take.click();
  await expect(precis.modelAlert.locator(".error")).toHaveAttribute("data-code", "download-failed");
  expect(asked).toHaveLength(1);
  // It is not asked twice.
  await openDialog(page);
  await dialog.getByRole("button", { name: "Get and use: Gemma 3 270M (base)" }).click();
  await expect(dialog).toBeHidden();
  await expect.poll(() => asked.length).toBe(2);
  await expect(precis.modelAlert.locator(".error")).toHaveAttribute("data-code", "download-failed");
  expect(complaints.splice(0).filter((complaint) => !complaint.startsWith("Failed to load resource"))).toEqual([]);
});

const standard = models[0]!;

/** The dialog's rows on a device with so many GiB, on which the default model took `ms` for 6,500 tokens. */
async function rowsOn(page: Page, precis: Precis, deviceMemory: number | undefined, ms: number) {
  await page.addInitScript(
    ({ deviceMemory, run }) => {
      Object.defineProperty(navigator, "deviceMemory", { value: deviceMemory });
      if (run.ms > 0) localStorage.setItem("precis-speeds", JSON.stringify([run]));
    },
    { deviceMemory, run: { setup: `${standard.sha256} wasm-relaxed-simd 2`, tokens: 6500, ms } },
  );
  await precis.open("tiny");
  const { rows } = await openDialog(page);
  const row = (name: string) => rows.filter({ has: page.getByText(name, { exact: true }) });
  return { standard: row(standard.name), recommended: rows.filter({ hasText: "Recommended for this device" }) };
}

test("a model of the catalogue has its licence also where a link names its file", async ({ page, precis }) => {
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.goto("/?model=gemma-3-270m-q4_k_m.gguf");
  await precis.download.click();
  await expect(precis.modelAlert.locator(".error")).toHaveAttribute("data-code", "licence-required");
  expect(asked.filter((url) => url.includes("/models/"))).toEqual([]);
});

test("the list says what a model's summaries hold, and recommends the default where nothing is known", async ({ page, precis }) => {
  const rows = await rowsOn(page, precis, undefined, 0);
  const share = Math.round(100 * standard.measured!.facts);
  await expect(rows.standard).toContainText(`Quotes the document. Summaries of three sentences mention ${share}% of a document's main facts.`);
  await expect(rows.standard).not.toContainText("ten pages");
  await expect(rows.standard).not.toContainText("May not fit");
  await expect(rows.recommended).toHaveCount(1);
  await expect(rows.recommended).toContainText(standard.name);
  await expect(rows.standard.getByRole("button")).toHaveAccessibleDescription(/Recommended for this device/);
});

test("what a model took here is told, and a small device is warned", async ({ page, precis }) => {
  const rows = await rowsOn(page, precis, 0.25, 40_000);
  await expect(rows.standard).toContainText("Takes about 40 s for ten pages here.");
  await expect(rows.standard).toContainText("May not fit: it needs 134 MB of memory, and this device has about 0.25 GB.");
  await expect(rows.recommended).toHaveCount(0);
});

test("a larger model is recommended only if it holds clearly more, and is known to fit and to be fast enough", () => {
  const entry = (sha256: string, facts: number, more: object = {}) => {
    const measured = { ...standard.measured!, facts, memory: sha256 === "small" ? 3e8 : 2e9, time: sha256 === "small" ? 1 : 10 };
    return { ...standard, sha256, measured, ...more } as typeof standard;
  };
  const best = (device: { GiB?: number; ms?: number }, ...entries: (typeof standard)[]) => {
    const speeds = device.ms === undefined ? null : JSON.stringify([{ setup: "small wasm-simd 1", tokens: 6500, ms: device.ms }]);
    Object.defineProperty(globalThis, "navigator", { value: { deviceMemory: device.GiB }, configurable: true });
    Object.defineProperty(globalThis, "localStorage", { value: { getItem: () => speeds }, configurable: true });
    return recommended(entries)?.sha256;
  };
  const [small, large] = [entry("small", 0.4), entry("large", 0.5)];
  const good = { GiB: 8, ms: 5000 };
  expect(best(good, small, large)).toBe("large");
  expect(best(good, small, entry("large", 0.44))).toBe("small");
  expect(best(good, small, entry("large", 0.5, { accept: true }))).toBe("small");
  expect(best({ ...good, ms: 7000 }, small, large)).toBe("small");
  expect(best({ ...good, GiB: 4 }, small, large)).toBe("small");
  expect(best({ GiB: 8 }, small, large)).toBe("small");
  expect(best({ ms: 5000 }, small, large)).toBe("small");
  expect(best({ ...good, GiB: 0.5 }, small, large)).toBeUndefined();
});

test("several models are kept, listed, and deleted one by one", async ({ page, precis }) => {
  await precis.open("tiny");
  await withKept(page, precis, "one.gguf", TINY);
  await withKept(page, precis, "two.gguf", OTHER);
  const { dialog, rows } = await openDialog(page);
  const row = (name: string) => rows.filter({ hasText: name });
  await expect(row("two.gguf")).toContainText("In use");
  await expect(row("one.gguf")).toContainText("On this device");
  await expect(page.locator("#models-storage")).toContainText("Models take 0.2 MB on this device");
  await dialog.getByRole("button", { name: "Delete: one.gguf" }).click();
  await expect(row("one.gguf")).toHaveCount(0);
  await expect(row("two.gguf")).toHaveCount(1);
  await expect(page.locator("#models-storage")).toContainText("Models take 0.1 MB");
  // The other one still computes; deleted, it does not.
  await page.keyboard.press("Escape");
  await precis.run("Bees visit flowers.");
  await openDialog(page);
  await dialog.getByRole("button", { name: "Delete: two.gguf" }).click();
  await expect(row("two.gguf")).toHaveCount(0);
  await expect(page.locator("#models-storage")).toContainText("No model is kept on this device");
  await page.keyboard.press("Escape");
  await expect(precis.modelState).toHaveText("deleted");
});

test("a model that the browser deleted is fetched again, and that is said", async ({ page, precis }) => {
  await precis.open("tiny");
  const { address, lookUp, dialog } = await openDialog(page);
  await address.fill(new URL("/models/tiny.gguf", page.url()).href);
  await lookUp.click();
  await dialog.getByRole("button", { name: "Get 0.1 MB and use" }).click();
  await expect(page.locator("#model-detail")).toContainText("Saved for offline use");
  await page.evaluate(async () => (await navigator.storage.getDirectory()).removeEntry("precis-models", { recursive: true }));
  // As if the catalogue had it, which says where it is.
  await page.evaluate(() => {
    const entry = JSON.parse(localStorage.getItem("precis-model")!) as object;
    localStorage.setItem("precis-model", JSON.stringify({ ...entry, file: "tiny.gguf" }));
  });
  await page.goto("/");
  await expect(page.locator("#download-text")).toContainText("The browser has deleted the model to free space.");
  await precis.download.click();
  await expect(page.locator("#model-detail")).toContainText("The browser had deleted the model to free space, so it was downloaded again. Saved for offline use");
});

test("the dialog is used by keyboard alone", async ({ page, precis }) => {
  await precis.open("tiny");
  await page.getByRole("button", { name: "Choose model" }).focus();
  await page.keyboard.press("Enter");
  const { dialog, address } = dialogOf(page);
  await expect(dialog).toBeVisible();
  await expect(dialog.getByRole("button", { name: "Get and use: SmolLM2 135M Instruct" })).toBeVisible();
  await expect.poll(() => page.evaluate(() => document.activeElement?.closest("dialog") !== null)).toBe(true);
  for (let steps = 0; steps < 30 && !(await address.evaluate((field) => field === document.activeElement)); steps++) await page.keyboard.press("Tab");
  await page.keyboard.type("https://example.org/model.gguf");
  await page.keyboard.press("Enter");
  await expect(dialogOf(page).alert).toContainText("can't reach example.org");
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("button", { name: "Choose model" })).toBeFocused();
});

test("nothing can be chosen during a run", async ({ page, precis }) => {
  await precis.open("tiny");
  await precis.benchmark.click();
  await precis.summarize.click();
  await expect(page.getByRole("button", { name: "Choose model" })).toBeDisabled();
  await precis.cancel.click();
  await expect(precis.stage).toHaveText("Cancelled");
  await expect(page.getByRole("button", { name: "Choose model" })).toBeEnabled();
});

for (const scheme of ["light", "dark"] as const) {
  for (const width of [1280, 360]) {
    test(`the dialog is accessible in ${scheme}, ${width} px wide`, async ({ page, precis }) => {
      const name = `models-${scheme}-${width}`;
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      await page.setViewportSize({ width, height: 800 });
      await precis.open("tiny");
      await withKept(page, precis, "my-own-model.gguf", TINY);
      const { dialog, openFile, alert } = await openDialog(page);
      await expect(page.locator("#models-storage")).toContainText("Models take");
      await inspect(page, `${name}-list`);
      await openFile("other.gguf", UNSUPPORTED.architecture!.bytes);
      await expect(alert).toContainText("mamba");
      await expect(alert).toBeInViewport();
      await inspect(page, `${name}-refused`);
      await openFile("another.gguf", OTHER);
      await expect(dialog.getByRole("button", { name: "Use this model" })).toBeVisible();
      await inspect(page, `${name}-file`);
      await dialog.getByRole("button", { name: "Back" }).click();
      await dialog.getByRole("button", { name: "Get and use: Gemma 3 270M Instruct" }).click();
      await expect(dialog.getByRole("checkbox", { name: /accept the Gemma terms/ })).toBeVisible();
      await inspect(page, `${name}-licence`);
    });
  }
}
