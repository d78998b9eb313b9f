/** URLs of the files that the package loads. */
import { pageAddress } from "./api/environment.js";
import { PrecisError } from "./api/errors.js";
import type { AssetUrls } from "./api/fetch-asset.js";

/** Bundlers recognize exactly this form, copy the files, and insert their new addresses. */
function own(): Record<keyof AssetUrls, URL> {
  return {
    worker: new URL("./assets/precis-worker.js", import.meta.url),
    thread: new URL("./assets/precis-thread.js", import.meta.url),
    simd: new URL("./assets/precis-simd.wasm", import.meta.url),
    relaxed: new URL("./assets/precis-relaxed.wasm", import.meta.url),
  };
}

/** Vite's development server moves a package's scripts here, but not their assets. */
const VITE_CACHE = /\/\.vite\/deps[^/]*\/assets\/[^/]*$/;

/** URLs of the assets: in the folder `assetsUrl`, or where the bundler or the package put them. */
export function assetUrls(assetsUrl?: string | URL): AssetUrls {
  if (assetsUrl !== undefined) return inFolder(folderOf(assetsUrl));
  const { worker, thread, simd, relaxed } = placed();
  const folder = viteFolder(worker);
  if (folder) return inFolder(folder);
  // Next.js inserts a path without an origin.
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
    // import.meta is empty in a script that is not a module.
    throw new PrecisError("engine-unavailable", "The engine's files can't be found from this script: bundle it as an ES module, or set the option assetsUrl to the folder that has them.", { cause });
  }
}

/** Uses an asset's URL, because webpack replaces import.meta.url itself with a path on the builder's disk. */
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
