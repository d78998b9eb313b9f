import { assetUrls } from "../assets.js";
import { Client } from "./client.js";
import { requireBrowser } from "./environment.js";
import { cancelled } from "./errors.js";

/** The text that the engine reads of `text`: the article of a web page's source, other texts almost unchanged. */
export async function readable(text: string): Promise<string> {
  return (await readables([text]))[0]!;
}

/** The same for several texts, such as the chapters of a book, by one worker. Calls `onread` after each. */
export async function readables(texts: readonly string[], { signal, onread }: { signal?: AbortSignal; onread?: () => void } = {}): Promise<string[]> {
  requireBrowser();
  const assets = assetUrls();
  const client = await Client.open(assets);
  try {
    const results: string[] = [];
    for (const text of texts) {
      results.push(await client.call("readable", { assets, text }, { signal }));
      onread?.();
    }
    return results;
  } finally {
    client.close(cancelled());
  }
}
