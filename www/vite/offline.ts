import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type { Plugin } from "vite";
import { policyHeader } from "./policy.ts";

/** The service worker's source, and the name that it must keep from build to build. */
export const SERVICE_WORKER = { source: "src/offline/service-worker.ts", file: "service-worker.js" };

/** The folder of files that only documents of some formats need. The service worker stores each when it is used first. */
export const FORMATS = "assets/formats/";

/** The same for translations to other languages. */
export const WORDS = "assets/words/";

/** Tells the service worker what the build consists of: its files, a hash by which one build differs from the next, and the policy. */
export function offline(): Plugin {
  let publicFolder = "";
  return {
    name: "precis-offline",
    apply: "build",
    // After Vite's own plugins, which add the pages and the workers.
    enforce: "post",
    configResolved: ({ publicDir }) => void (publicFolder = publicDir),
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        const worker = bundle[SERVICE_WORKER.file];
        if (worker?.type !== "chunk" || worker.imports.length > 0) this.error(`${SERVICE_WORKER.file} is not a script of its own`);
        const built = Object.values(bundle).filter(({ fileName }) => fileName !== SERVICE_WORKER.file);
        const contents = new Map(built.map((file) => [file.fileName, file.type === "chunk" ? file.code : file.source]));
        for (const name of readdirSync(publicFolder)) contents.set(name, readFileSync(`${publicFolder}/${name}`));
        const hash = createHash("sha256");
        const files = [...contents.keys()].sort();
        for (const name of files) hash.update(name).update(contents.get(name)!);
        const [later, first] = [true, false].map((isLater) => files.filter((name) => [FORMATS, WORDS].some((folder) => name.startsWith(folder)) === isLater));
        const head = `const PRECIS_FILES = ${JSON.stringify(first)};\nconst PRECIS_LATER = ${JSON.stringify(later)};\nconst PRECIS_BUILD = ${JSON.stringify(hash.digest("hex"))};\nconst PRECIS_POLICY = ${JSON.stringify(policyHeader(false))};\n`;
        worker.code = head + worker.code;
      },
    },
  };
}
