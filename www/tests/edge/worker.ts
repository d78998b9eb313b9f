/** The example edge/cloudflare in workerd, by way of miniflare. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kCurrentWorker, Miniflare } from "miniflare";
import { WebSocket } from "undici";
import { build } from "vite";
import { repository } from "../paths.js";
import { pkg } from "./service.js";

/** The engine's module, as the example imports it. */
const MODULE = "precis/edge/precis.wasm";

const EXAMPLE = `${repository}/edge/cloudflare`;

/** What the example is called. */
const NAME = "precis";

/** What wrangler.jsonc says; comments are all that it has beyond JSON. */
const config = JSON.parse(readFileSync(`${EXAMPLE}/wrangler.jsonc`, "utf8").replace(/^\s*\/\/.*$/gm, "")) as {
  compatibility_date: string;
  compatibility_flags: string[];
};

/** A Worker that is the example, with a model that its shard.mjs cut into pieces of `bytes`; `alone`, without a way to itself. */
export class Worker {
  private constructor(
    readonly url: string,
    private readonly miniflare: Miniflare,
    private readonly folder: string,
  ) {}

  static async start(model: string, { token, bytes, alone = false }: { token?: string; bytes?: number; alone?: boolean } = {}): Promise<Worker> {
    const folder = mkdtempSync(join(tmpdir(), "precis-worker-"));
    cpSync(EXAMPLE, folder, { recursive: true, filter: (path) => !/node_modules|assets|\.wrangler/.test(path.slice(EXAMPLE.length)) });
    execFileSync(process.execPath, ["shard.mjs", model, ...(bytes ? ["--bytes", String(bytes)] : [])], { cwd: folder });
    const miniflare = new Miniflare({
      name: NAME,
      // Any port that is free.
      inspectorPort: 0,
      compatibilityDate: config.compatibility_date,
      compatibilityFlags: config.compatibility_flags,
      modulesRoot: folder,
      modules: [
        { type: "ESModule", path: join(folder, "index.js"), contents: await bundled(folder) },
        { type: "CompiledWasm", path: join(folder, MODULE), contents: readFileSync(`${pkg}/edge/wasm/relaxed/precis_bg.wasm`) },
      ],
      ...(token !== undefined && { bindings: { TOKEN: token } }),
      serviceBindings: alone ? {} : { SELF: kCurrentWorker },
      assets: { directory: join(folder, "assets"), binding: "ASSETS", routerConfig: { invoke_user_worker_ahead_of_assets: true, has_user_worker: true } },
    });
    return new Worker((await miniflare.ready).href, miniflare, folder);
  }

  /** Bytes of JavaScript's heap in the isolate, what it has set aside included; a module's memory is no part of it. */
  async heapBytes(): Promise<number> {
    const inspector = await this.miniflare.getInspectorURL();
    const socket = new WebSocket(new URL(`/core:user:${NAME}`, inspector));
    try {
      const answer = new Promise<string>((resolve, reject) => {
        socket.addEventListener("message", ({ data }) => resolve(String(data)));
        socket.addEventListener("error", ({ error }) => reject(error as Error));
      });
      socket.addEventListener("open", () => socket.send(JSON.stringify({ id: 1, method: "Runtime.getHeapUsage" })));
      const { totalSize } = (JSON.parse(await answer) as { result: { totalSize: number } }).result;
      return totalSize;
    } finally {
      socket.close();
    }
  }

  async stop(): Promise<void> {
    await this.miniflare.dispose();
    rmSync(this.folder, { recursive: true });
  }
}

/** The Worker's code in one file, as wrangler would make it: the package by its exports, the module left alone. */
async function bundled(folder: string): Promise<string> {
  const exported = (JSON.parse(readFileSync(`${pkg}/package.json`, "utf8")) as { exports: { "./edge": { default: string } } }).exports;
  const result = await build({
    configFile: false,
    logLevel: "error",
    root: folder,
    resolve: { alias: [{ find: /^precis\/edge$/, replacement: join(pkg, exported["./edge"].default) }] },
    build: {
      write: false,
      minify: false,
      target: "esnext",
      ssr: "src/index.ts",
      rolldownOptions: { external: ["cloudflare:workers", MODULE] },
    },
  });
  const [output] = [result].flat();
  if (!output || !("output" in output)) throw new Error("nothing was built");
  const [chunk, ...others] = output.output;
  if (others.length > 0) throw new Error(`more than one file was built: ${others.map(({ fileName }) => fileName).join(", ")}`);
  return chunk.code;
}
