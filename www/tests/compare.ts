/** The words for using the comparison page. */
import { readFile } from "node:fs/promises";
import { deflateRawSync } from "node:zlib";
import type { Locator, Page } from "@playwright/test";
import { test as base, expect } from "./page.js";
import { tinyModel } from "./paths.js";

/** The page by its accessible names. */
export class Compare {
  readonly measure: Locator;
  readonly cancel: Locator;
  readonly name: Locator;
  readonly progress: Locator;
  readonly result: Locator;
  readonly shared: Locator;
  readonly comparison: Locator;
  readonly history: Locator;
  /** What the run is at: "Done" after a good one. */
  readonly state: Locator;
  readonly alert: Locator;
  readonly importAlert: Locator;
  readonly linkAlert: Locator;

  constructor(readonly page: Page) {
    this.measure = page.getByRole("button", { name: "Measure", exact: true });
    this.cancel = page.getByRole("button", { name: "Cancel" });
    this.name = page.getByRole("textbox", { name: "Device name" });
    this.progress = page.getByRole("progressbar", { name: "Measuring" });
    this.result = page.getByRole("region", { name: "Result" });
    this.shared = page.getByRole("region", { name: "Shared card" });
    this.comparison = page.getByRole("region", { name: "Comparison" });
    this.history = page.getByRole("region", { name: "History" });
    this.state = page.locator("#state");
    this.alert = page.locator("#alert");
    this.importAlert = page.locator("#import-alert");
    this.linkAlert = page.locator("#link-alert");
  }

  /** Opens the page with the tiny model, and with a card in its address where one is given. */
  async open(fragment = ""): Promise<void> {
    await this.page.route("**/models/tiny.gguf", (route) => route.fulfill({ path: tinyModel }));
    await this.page.goto(`/compare.html?model=tiny.gguf${fragment}`);
    await expect(this.page.locator("main")).toHaveAttribute("data-ready", "");
  }

  /** Measures to the end, under this name. */
  async run(name: string): Promise<void> {
    await this.name.fill(name);
    await this.measure.click();
    await expect(this.state).toHaveText("Done", { timeout: 90_000 });
    await expect(this.item(name)).toBeVisible();
  }

  /** A card of the history. */
  item(name: string): Locator {
    return this.history.getByRole("listitem").filter({ hasText: name });
  }

  /** Takes a card in from a file. */
  async import(content: string | Buffer): Promise<void> {
    const chooser = this.page.waitForEvent("filechooser");
    await this.page.getByRole("button", { name: "Import card" }).click();
    await (await chooser).setFiles({ name: "card.json", mimeType: "application/json", buffer: Buffer.from(content) });
  }

  /** What a button makes the browser save. */
  async saved(button: Locator): Promise<{ name: string; content: Buffer }> {
    // Chromium saves ten files of a page in a second, and drops what comes then without a word.
    for (;;) {
      const download = this.page.waitForEvent("download", { timeout: 10_000 }).catch(() => null);
      await button.click();
      const file = await download;
      if (file) return { name: file.suggestedFilename(), content: await readFile(await file.path()) };
    }
  }

  /** A button of the region "Result". */
  button(name: string): Locator {
    return this.result.getByRole("button", { name });
  }
}

/** The end of an address that carries `content` as a card. */
export function fragment(content: string | Buffer): string {
  return `#card=${deflateRawSync(content).toString("base64url")}`;
}

export const test = base.extend<{ compare: Compare }>({
  compare: async ({ page, complaints: _ }, use) => use(new Compare(page)),
});

export { expect };
