import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { serveModels } from "./vite/models.ts";
import { securityPolicy } from "./vite/policy.ts";

const repository = fileURLToPath(new URL("..", import.meta.url));

export default defineConfig({
  // Relative, so that the site works in any folder of any static host.
  base: "./",
  // A missing file is a 404, not the page: the model store tells the two apart.
  appType: "mpa",
  plugins: [securityPolicy(), serveModels(`${repository}/models`)],
  // The article of the benchmark and models.json lie beside www/.
  server: { port: 8080, fs: { allow: [repository] } },
  preview: { port: 8080 },
  worker: { format: "es" },
  build: { target: "esnext", assetsInlineLimit: 0, modulePreload: { polyfill: false }, rolldownOptions: { input: ["index.html", "compare.html", "gallery.html"] } },
});
