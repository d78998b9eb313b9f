/** What the tests of the npm package share: somebody else's page, and the package's calls from inside it. */
import { test as base, expect, type Page } from "@playwright/test";
import type * as Package from "../src/package/api/index.js";
import { Site, TINY } from "./site.js";

/** How a call in the page ended. */
export type Outcome = { value: unknown } | { code: string; message: string; name: string };

/** A page that has the package, on a site of its own. */
export class Bench {
  constructor(
    readonly page: Page,
    readonly site: Site,
  ) {}

  /** Opens (or reloads) the empty page. */
  async open(): Promise<void> {
    await this.page.goto(this.site.origin);
  }

  /** Runs `work` in the page with the package and `argument`; an error comes back as its code and sentence. */
  async call<A>(work: (precis: typeof Package, argument: A) => unknown, argument: A): Promise<Outcome> {
    const given = { source: `(${work})`, argument, address: `${this.site.origin}/pkg/index.js` };
    return this.page.evaluate(async ({ source, argument, address }): Promise<Outcome> => {
      const precis: unknown = await import(address);
      try {
        return { value: await (0, eval)(source)(precis, argument) };
      } catch (error) {
        const { code, message, name } = error as Package.PrecisError;
        return { code, message, name };
      }
    }, given);
  }

  /** Creates a Summarizer of the tiny model (or `model`), keeps it as `window.summarizer`, and tells what was loaded. */
  create(options: { model?: Package.ModelEntry | string; backend?: string; threads?: number; acceptLicence?: boolean } = {}): Promise<Outcome> {
    return this.call(
      async (precis, options) => {
        // The site is told how far the download is: a broken connection takes what nobody has read yet with it.
        const monitor = (monitor: EventTarget) =>
          monitor.addEventListener("downloadprogress", (event) => void fetch(`/progress/${(event as Package.LoadProgressEvent).loaded}`));
        const summarizer = await precis.Summarizer.create({ ...(options as Package.CreateOptions), monitor });
        window.summarizer = summarizer;
        return summarizer.model;
      },
      // The engine's own choice: a sentence, or what the text asks for.
      { model: TINY, type: "auto", ...options },
    );
  }

  /** Names and sizes of what lies in the model store. */
  stored(): Promise<Record<string, number>> {
    return this.page.evaluate(async () => {
      const root = await navigator.storage.getDirectory();
      const folder = await root.getDirectoryHandle("precis-models", { create: true });
      const files: Record<string, number> = {};
      for await (const [name, handle] of folder.entries()) files[name] = (await (handle as FileSystemFileHandle).getFile()).size;
      return files;
    });
  }
}

declare global {
  interface Window {
    summarizer: Package.Summarizer;
  }
  /** A document that takes the tiny model long on any machine. No two passages are alike: what is alike is read once. */
  var LONG: string;
}

/** What LONG is made of. */
const long = () => {
  globalThis.LONG = Array.from({ length: 10_000 }, (_, i) => `In the year ${i} bees carried ${i * 7} grains of pollen to flower ${i * 13}.`).join("\n");
};

/** A bench that is open, with a server that closes after the test. */
export const test = base.extend<{ isolated: boolean; site: Site; bench: Bench }>({
  /** Whether the site's pages are isolated from other origins, which threads need. */
  isolated: [false, { option: true }],
  page: async ({ page }, use) => {
    await page.addInitScript(long);
    await use(page);
  },
  site: async ({ isolated }, use) => {
    const site = await Site.open(isolated);
    await use(site);
    await site.close();
  },
  bench: async ({ page, site }, use) => {
    const bench = new Bench(page, site);
    await bench.open();
    await use(bench);
  },
});

export { expect };
