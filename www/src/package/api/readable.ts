import { assetUrls } from "../assets.js";
import { Client } from "./client.js";
import { requireBrowser } from "./environment.js";
import { cancelled } from "./errors.js";

/** The text that the engine reads of `text`: the article of a web page's source, other texts almost unchanged. */
export async function readable(text: string): Promise<string> {
  requireBrowser();
  const assets = assetUrls();
  const client = await Client.open(assets);
  try {
    return await client.call("readable", { assets, text });
  } finally {
    client.close(cancelled());
  }
}
