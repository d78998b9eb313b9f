/** The example edge/node, with its dependencies as npm would install them. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { repository, tinyModel } from "./paths.js";
import { bothWays, clientsThatLeave } from "./edge/loopback.js";
import { listening } from "./edge/processes.js";
import { answered, ARTICLE, pkg, refusal } from "./edge/service.js";

let server: ChildProcess | undefined;
let folder: string | undefined;

test.afterEach(async () => {
  if (server && server.exitCode === null && server.signalCode === null) {
    const ended = once(server, "exit");
    server.kill("SIGKILL");
    await ended;
  }
  if (folder) rmSync(folder, { recursive: true });
});

test("it summarizes, asks for its token, and stops when a client leaves", async () => {
  folder = mkdtempSync(join(tmpdir(), "precis-node-"));
  const modules = join(folder, "node_modules");
  mkdirSync(modules);
  cpSync(`${repository}/edge/node/serve.mjs`, join(folder, "serve.mjs"));
  for (const name of ["hono", "@hono"]) symlinkSync(`${repository}/www/node_modules/${name}`, join(modules, name));
  symlinkSync(pkg, join(modules, "precis"));
  server = spawn(process.execPath, ["serve.mjs"], { cwd: folder, env: { ...process.env, MODEL: tinyModel, TOKEN: "secret", PORT: "0" }, stdio: ["ignore", "pipe", "pipe"] });
  const url = await listening(server, "node");
  const Authorization = "Bearer secret";
  const { summary, report } = await bothWays(url, { Authorization });
  expect(report.backend.kind).toMatch(/^wasm-(relaxed-)?simd$/);
  const post = (headers: Record<string, string>) => fetch(new URL("/v1/summarize", url), { method: "POST", body: ARTICLE, headers: { "Content-Type": "text/plain", ...headers } });
  expect(await refusal(await post({}))).toBe("401 unauthorized");
  await clientsThatLeave(url, { Authorization });
  expect((await answered(await post({ Authorization }))).summary).toBe(summary);
});
