/** The files that the package loads by itself. */
import { pageAddress } from "./api/environment.js";
import { PrecisError } from "./api/errors.js";
import type { AssetUrls } from "./api/fetch-asset.js";

/** Written so that bundlers see them: each copies the file and puts in its new address. */
function own(): Record<keyof AssetUrls, URL> {
  return {
    worker: new URL("./assets/precis-worker.js", import.meta.url),
    thread: new URL("./assets/precis-thread.js", import.meta.url),
    simd: new URL("./assets/precis-simd.wasm", import.meta.url),
    relaxed: new URL("./assets/precis-relaxed.wasm", import.meta.url),
  };
}

/** Where Vite's development server puts a package's scripts, but not their assets. */
const VITE_CACHE = /\/\.vite\/deps[^/]*\/assets\/[^/]*$/;

/** Where the assets are: in the folder `assetsUrl`, or where the bundler or the package left them. */
export function assetUrls(assetsUrl?: string | URL): AssetUrls {
  const found = own();
  const folder = assetsUrl === undefined ? viteFolder(found.worker) : folderOf(assetsUrl);
  // What Next puts in their place is a path without an origin.
  const urls = Object.entries(found).map(([name, url]) => {
    const file = name === "worker" || name === "thread" ? `precis-${name}.js` : `precis-${name}.wasm`;
    return [name, folder === null ? new URL(url.href, pageAddress()).href : new URL(file, folder).href] as const;
  });
  return Object.fromEntries(urls) as unknown as AssetUrls;
}

/** By a URL that bundlers see, not by import.meta.url itself: webpack puts the path on the builder's disk in that one's place. */
function viteFolder({ href }: URL): URL | null {
  return VITE_CACHE.test(href) ? new URL(href.replace(VITE_CACHE, "/precis/assets/")) : null;
}

function folderOf(url: string | URL): URL {
  try {
    const folder = new URL(url, pageAddress());
    if (!folder.pathname.endsWith("/")) folder.pathname += "/";
    return folder;
  } catch (cause) {
    throw new PrecisError("invalid-options", `Option assetsUrl is "${String(url)}": it must be the address of the folder with the package's assets.`, { cause });
  }
}
