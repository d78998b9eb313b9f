import sirv from "sirv";
import type { Plugin } from "vite";

/** Serves `folder` at /models/, with byte ranges, in development and preview. The weights never become part of a build. */
export function serveModels(folder: string): Plugin {
  // dev: files are looked up at each request, so a model that is fetched later is found too.
  const handler = () => sirv(folder, { dev: true });
  return {
    name: "precis-models",
    configureServer: ({ middlewares }) => void middlewares.use("/models", handler()),
    configurePreviewServer: ({ middlewares }) => void middlewares.use("/models", handler()),
  };
}
