import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { serveModels } from "./vite/models.ts";
import { FORMATS, offline, SERVICE_WORKER, WORDS } from "./vite/offline.ts";
import { securityPolicy } from "./vite/policy.ts";

const repository = fileURLToPath(new URL("..", import.meta.url));

/** The folder with a file of translations for each language. */
const TRANSLATIONS = "src/ui/words/";

export default defineConfig({
  // Relative, so that the site works in any folder of any static host.
  base: "./",
  // A missing file is a 404, not the page: the model store tells the two apart.
  appType: "mpa",
  plugins: [securityPolicy(), serveModels(`${repository}/models`), offline()],
  // The article of the benchmark and models.json lie beside www/.
  server: { port: 8080, fs: { allow: [repository] } },
  preview: { port: 8080 },
  // The page's only workers that Vite builds are those of src/formats. The service worker keeps this folder's files when they are used.
  worker: {
    format: "es",
    rolldownOptions: {
      output: { entryFileNames: `${FORMATS}[name]-[hash].js`, chunkFileNames: `${FORMATS}[name]-[hash].js`, assetFileNames: `${FORMATS}[name]-[hash][extname]` },
    },
  },
  build: {
    target: "esnext",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: ["index.html", "compare.html", "gallery.html", SERVICE_WORKER.source],
      output: {
        // A browser knows a service worker by its address, which must not change.
        entryFileNames: ({ facadeModuleId }) => (facadeModuleId?.endsWith(SERVICE_WORKER.source) ? SERVICE_WORKER.file : "assets/[name]-[hash].js"),
        assetFileNames: ({ originalFileNames: [from] }) => `${from?.startsWith(TRANSLATIONS) ? WORDS : "assets/"}[name]-[hash][extname]`,
      },
    },
  },
});
