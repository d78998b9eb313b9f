/** What the tests of the page share: a page that must not break its own policy, and the words for using it. */
import { test as base, expect, type Locator, type Page } from "@playwright/test";
import { tinyModel } from "./paths.js";

/** The page by its accessible names. */
export class Precis {
  readonly document: Locator;
  readonly summarize: Locator;
  readonly cancel: Locator;
  readonly benchmark: Locator;
  readonly reading: Locator;
  readonly summary: Locator;
  readonly report: Locator;
  readonly copySummary: Locator;
  readonly copy: Locator;
  /** What the run is at: "Done" after a good one. */
  readonly stage: Locator;
  readonly alert: Locator;
  readonly compute: Locator;
  /** What computes. */
  readonly device: Locator;
  readonly modelState: Locator;
  readonly modelAlert: Locator;
  readonly download: Locator;

  constructor(readonly page: Page) {
    this.document = page.getByRole("textbox", { name: "Document" });
    this.summarize = page.getByRole("button", { name: "Summarize", exact: true });
    this.cancel = page.getByRole("button", { name: "Cancel" });
    this.benchmark = page.getByRole("button", { name: "Load the 40k-token benchmark" });
    this.reading = page.getByRole("progressbar", { name: "Reading" });
    this.summary = page.getByRole("region", { name: "Summary" });
    this.report = page.getByRole("region", { name: "Report" });
    this.copySummary = page.getByRole("button", { name: "Copy summary" });
    this.copy = page.getByRole("button", { name: "Copy report as JSON" });
    this.stage = page.locator("#stage");
    this.alert = page.locator("#alert");
    this.compute = page.getByLabel("Run on");
    this.device = page.locator("#device");
    this.modelState = page.locator("#model-state");
    this.modelAlert = page.locator("#model-alert");
    this.download = page.getByRole("button", { name: "Download now" });
  }

  /** Opens the page with the real model, or the tiny one, and waits until it is ready. */
  async open(model: "real" | "tiny"): Promise<void> {
    if (model === "tiny") await this.page.route("**/models/tiny.gguf", (route) => route.fulfill({ path: tinyModel }));
    await this.page.goto(model === "tiny" ? "/?model=tiny.gguf" : "/");
    await this.getModel();
  }

  /** Downloads the model if it is not on this device, and waits until it is ready. */
  async getModel(): Promise<void> {
    await expect(this.modelState).not.toBeEmpty();
    if (await this.download.isVisible()) await this.download.click();
    await expect(this.modelState).toHaveText("ready", { timeout: 60_000 });
  }

  /** Opens the settings below "Advanced". */
  async openAdvanced(): Promise<void> {
    await this.page.locator("#advanced").evaluate((details: HTMLDetailsElement) => (details.open = true));
  }

  /** Opens the chart and the figures of the report. */
  async openFigures(): Promise<void> {
    await this.page.locator("#figures").evaluate((details: HTMLDetailsElement) => (details.open = true));
  }

  /** Chooses what computes, in the dialog. */
  async runOn(backend: string): Promise<void> {
    await this.page.getByRole("button", { name: "Choose model" }).click();
    await this.compute.selectOption(backend);
    await this.page.keyboard.press("Escape");
  }

  /** Asks a question about the document. */
  async ask(question: string): Promise<void> {
    await this.page.getByLabel("Ask a question").fill(question);
    await this.page.getByRole("button", { name: "Ask", exact: true }).click();
  }

  /** Summarizes `text` to the end. */
  async run(text: string): Promise<void> {
    await this.document.fill(text);
    await this.summarize.click();
    await expect(this.stage).toHaveText("Done", { timeout: 90_000 });
  }
}

export const test = base.extend<{ precis: Precis; complaints: string[] }>({
  /** What the browser complained about; must be empty in the end, unless the test empties it. */
  complaints: async ({ page }, use) => {
    const complaints: string[] = [];
    page.on("console", (message) => {
      // The configuration of the tests forbids service workers.
      const expected = message.text() === "Service Worker registration blocked by Playwright";
      if ((message.type() === "error" || message.type() === "warning") && !expected) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        console.error(`policy: ${event.effectiveDirective} blocked ${event.blockedURI}`);
      });
    });
    await use(complaints);
    expect(complaints).toEqual([]);
  },
  // Named here so that every test of the page has it.
  precis: async ({ page, complaints: _ }, use) => use(new Precis(page)),
});

export { expect };

/** About 150 words on one subject. */
export const ARTICLE = `Bees visit flowers to collect nectar and pollen. While they move from one blossom to the next, grains
of pollen stick to the hairs of their bodies and fertilize other plants of the same kind. About a third of the food that
people eat depends on this work: apples, almonds, pumpkins and coffee all carry more fruit where bees are common. In the
last decades beekeepers have reported heavy losses of colonies. Researchers name several causes that act together: the
varroa mite and the viruses that it carries, pesticides that weaken the insects' sense of direction, and fields without
hedges or wild flowers, in which nothing blooms once the crop has been cut. Farmers can help with strips of wild flowers
along their fields, and cities with parks that are mown later in the year. Where such strips were sown, counts of wild
bees doubled within three summers, and the yield of nearby orchards rose as well.`;
