/** What the tests of the web's Summarizer API share: a page with the polyfill, and tools in it. */
import type { Page } from "@playwright/test";
import { type Site, TINY } from "./site.js";

/** The sentence that the web-platform-tests summarize. */
const PROMPT = "Please write a sentence in English.";
const TEXT = "Bees visit flowers to collect nectar and pollen, and fertilize plants on their way. ".repeat(6);

export interface WebSummarizer {
  summarize(...input: unknown[]): Promise<string>;
  summarizeStreaming(...input: unknown[]): ReadableStream<string> & AsyncIterable<string>;
  measureInputUsage(...input: unknown[]): Promise<number>;
  destroy(): void;
  readonly [attribute: string]: unknown;
}

export interface WebApi {
  new (): WebSummarizer;
  create(options?: unknown): Promise<WebSummarizer>;
  availability(options?: unknown): Promise<string>;
}

/** What the code of a test has at hand in the page. */
export interface Tools {
  Summarizer: WebApi;
  PROMPT: string;
  TEXT: string;
  /** How a promise or a call ended: its value, or the error's class and name. */
  ending(work: () => unknown): Promise<unknown>;
  sleep(): Promise<void>;
}

/** Opens a page with the polyfill on it. `languages` are those that the model's entry names. */
export async function open(page: Page, site: Site, { touched = true, languages = ["en"] } = {}): Promise<void> {
  await page.goto(site.origin);
  // What a test evaluates counts as a person's doing.
  if (!touched) await page.evaluate(() => Object.defineProperty(navigator, "userActivation", { value: { hasBeenActive: false, isActive: false } }));
  await page.evaluate(
    async ({ address, model }) => {
      Reflect.deleteProperty(globalThis, "Summarizer");
      const polyfill = (await import(address)) as typeof import("../src/package/api/polyfill.js");
      polyfill.configure({ model });
      if ((await polyfill.ready) !== "precis") throw new Error("the page kept another Summarizer");
    },
    { address: `${site.origin}/pkg/polyfill.js`, model: { ...TINY, languages } },
  );
}

/** Runs `code` in the page with the tools. */
export function within(page: Page, code: (tools: Tools) => unknown): Promise<unknown> {
  return page.evaluate(
    async ({ source, PROMPT, TEXT }) => {
      const ending = async (work: () => unknown) => {
        try {
          return await work();
        } catch (error) {
          return error instanceof Error || error instanceof DOMException ? `${error.constructor.name} ${error.name}` : error;
        }
      };
      const sleep = () => new Promise<void>((done) => setTimeout(done));
      const { Summarizer } = globalThis as unknown as { Summarizer: WebApi };
      return (0, eval)(source)({ Summarizer, PROMPT, TEXT, ending, sleep });
    },
    { source: `(${code})`, PROMPT, TEXT },
  );
}
