/** The example edge/cloudflare in workerd, by way of miniflare. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fetch, kCurrentWorker, Miniflare, type Request as ToItself, Response } from "miniflare";
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
  workflows: { name: string; binding: string; class_name: string }[];
  durable_objects: { bindings: { name: string; class_name: string }[] };
  ratelimits: { name: string; simple: { limit: number; period: 60 } }[];
};

/** The example with its model in a bucket instead. */
const FROM_R2 = `
import { env } from "cloudflare:workers";
import { createHandler, fromR2 } from "precis/edge";
import module from "precis/edge/precis.wasm";
import { id, sha256, bytes } from "../assets/model/manifest.json";

const handler = createHandler({ module, model: fromR2(env.BUCKET, "model.gguf", { id, sha256, bytes }) });

export default { fetch: (request, _env, context) => handler(request, context) };
`;

/** Changes of the example. */
interface Changes {
  token?: string;
  /** Size of the model's pieces. */
  bytes?: number;
  /** Without a way to itself. */
  alone?: boolean;
  /** With the model in a bucket. */
  r2?: boolean;
  /** Whether notes are kept. */
  keeps?: boolean;
  /** Documents that an address may send in a minute. */
  limit?: number;
  /** Whether a request of the Worker to itself fails; one that is not told waits. */
  fails?: (path: string) => boolean | Promise<boolean>;
}

/** A Worker that is the example, with a model that its shard.mjs cut. */
export class Worker {
  private constructor(
    readonly url: string,
    private readonly miniflare: Miniflare,
    private readonly folder: string,
  ) {}

  static async start(model: string, { token, bytes, alone = false, r2 = false, keeps = false, limit = 10_000, fails }: Changes = {}): Promise<Worker> {
    const folder = mkdtempSync(join(tmpdir(), "precis-worker-"));
    cpSync(EXAMPLE, folder, { recursive: true, filter: (path) => !/node_modules|assets|\.wrangler/.test(path.slice(EXAMPLE.length)) });
    execFileSync(process.execPath, ["shard.mjs", model, ...(bytes ? ["--bytes", String(bytes)] : [])], { cwd: folder });
    if (r2) writeFileSync(join(folder, "src/index.ts"), FROM_R2);
    const orFail = async (request: ToItself): Promise<Response> => {
      const { pathname } = new URL(request.url);
      if (await fails?.(pathname)) return Response.json({ code: "planted", detail: "A planted failure." }, { status: 503 });
      const headers = [...request.headers].filter(([name]) => name === "content-type" || name === "authorization");
      return fetch(new URL(pathname, await miniflare.ready), { method: request.method, headers, body: await request.text(), signal: request.signal });
    };
    const miniflare: Miniflare = new Miniflare({
      name: NAME,
      // Any port that is free.
      inspectorPort: 0,
      compatibilityDate: config.compatibility_date,
      compatibilityFlags: config.compatibility_flags,
      modulesRoot: folder,
      modules: [
        { type: "ESModule", path: join(folder, "index.js"), contents: await bundled(folder) },
        { type: "CompiledWasm", path: join(folder, MODULE), contents: readFileSync(`${pkg}/edge/precis-relaxed.wasm`) },
      ],
      bindings: { ...(token !== undefined && { TOKEN: token }), KEEP_NOTES: keeps ? "yes" : "no" },
      ...(r2 && { r2Buckets: ["BUCKET"] }),
      serviceBindings: alone ? {} : { SELF: fails ? orFail : kCurrentWorker },
      ...(!r2 && { durableObjects: Object.fromEntries(config.durable_objects.bindings.map(({ name, class_name }) => [name, { className: class_name, useSQLite: true }])) }),
      ...(!r2 && { workflows: Object.fromEntries(config.workflows.map(({ name, binding, class_name }) => [binding, { name, className: class_name }])) }),
      ratelimits: Object.fromEntries(config.ratelimits.map(({ name, simple }) => [name, { simple: { ...simple, limit } }])),
      assets: { directory: join(folder, "assets"), binding: "ASSETS", routerConfig: { invoke_user_worker_ahead_of_assets: true, has_user_worker: true } },
    });
    const { href } = await miniflare.ready;
    if (r2) {
      // Its type would be that of a package which is not here.
      const bucket = (await miniflare.getR2Bucket("BUCKET")) as unknown as { put(key: string, value: Uint8Array): Promise<unknown> };
      await bucket.put("model.gguf", new Uint8Array(readFileSync(model)));
    }
    return new Worker(href, miniflare, folder);
  }

  /**
   * Bytes of JavaScript's heap in the isolate and of its buffers, and what is set aside included; a module's memory is no part of it.
   * With garbage, unless that is `collected` first, which workerd does only while it answers a request.
   */
  async heapBytes(collected = false): Promise<number> {
    const inspector = await this.miniflare.getInspectorURL();
    const socket = new WebSocket(new URL(`/core:user:${NAME}`, inspector));
    try {
      const said = (event: "open" | "message") =>
        new Promise<string>((resolve, reject) => {
          socket.addEventListener(event, (said) => resolve("data" in said ? String(said.data) : ""), { once: true });
          socket.addEventListener("error", ({ error }) => reject(error as Error), { once: true });
        });
      const call = (method: string) => {
        const answer = said("message");
        socket.send(JSON.stringify({ id: 1, method }));
        return answer;
      };
      await said("open");
      if (collected) await call("HeapProfiler.collectGarbage");
      const { result } = JSON.parse(await call("Runtime.getHeapUsage")) as { result: Record<"totalSize" | "embedderHeapUsedSize" | "backingStorageSize", number> };
      return result.totalSize + result.embedderHeapUsedSize + result.backingStorageSize;
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
      rolldownOptions: { external: [/^cloudflare:/, MODULE] },
    },
  });
  const [output] = [result].flat();
  if (!output || !("output" in output)) throw new Error("nothing was built");
  const [chunk, ...others] = output.output;
  if (others.length > 0) throw new Error(`more than one file was built: ${others.map(({ fileName }) => fileName).join(", ")}`);
  return chunk.code;
}
