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
  if (assetsUrl !== undefined) return inFolder(folderOf(assetsUrl));
  const { worker, thread, simd, relaxed } = placed();
  const folder = viteFolder(worker);
  if (folder) return inFolder(folder);
  // What Next puts in their place is a path without an origin.
  const absolute = ({ href }: URL) => new URL(href, pageAddress()).href;
  return { worker: absolute(worker), thread: absolute(thread), simd: absolute(simd), relaxed: absolute(relaxed) };
}

function inFolder(folder: URL): AssetUrls {
  const at = (file: string) => new URL(file, folder).href;
  return { worker: at("precis-worker.js"), thread: at("precis-thread.js"), simd: at("precis-simd.wasm"), relaxed: at("precis-relaxed.wasm") };
}

function placed(): Record<keyof AssetUrls, URL> {
  try {
    return own();
  } catch (cause) {
    // In a script that is not a module import.meta is empty.
    throw new PrecisError("engine-unavailable", "The engine's files can't be found from this script: bundle it as an ES module, or set the option assetsUrl to the folder that has them.", { cause });
  }
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
