/** The example edge/cloudflare, in the runtime that Cloudflare uses. */
import { readFileSync } from "node:fs";
import { expect, test } from "@playwright/test";
import type { Answer } from "../src/edge/types.js";
import { repository, tinyModel } from "./paths.js";
import { bothWays, healthOf, storm } from "./edge/loopback.js";
import { ARTICLE, pkg, refusal } from "./edge/service.js";
import { Worker } from "./edge/worker.js";

async function withWorker(model: string, options: Parameters<typeof Worker.start>[1], use: (url: string) => Promise<void>): Promise<void> {
  const worker = await Worker.start(model, options);
  try {
    await use(worker.url);
  } finally {
    await worker.stop();
  }
}

test("it stands load and faults", async () => {
  await withWorker(tinyModel, { bytes: 30_000 }, storm);
});

test("it reads the windows by way of itself, and says what it says alone", async () => {
  let alone: Answer | undefined;
  await withWorker(tinyModel, { alone: true }, async (url) => {
    alone = await bothWays(url);
    expect(alone.fan_out).toMatchObject({ elsewhere: 0, peers_failed: 4 });
  });
  await withWorker(tinyModel, { token: "secret" }, async (url) => {
    const { summary, fan_out } = await bothWays(url, { Authorization: "Bearer secret" });
    expect(summary).toBe(alone?.summary);
    expect(fan_out).toMatchObject({ windows: alone?.report.plan.windows, retried: 0, peers_failed: 0 });
    expect(fan_out?.elsewhere).toBeGreaterThan(0);
    expect(await refusal(await fetch(new URL("/summarize", url), { method: "POST", body: ARTICLE }))).toBe("401 unauthorized");
  });
});

test("the model may lie in a bucket", async () => {
  await withWorker(tinyModel, { r2: true }, async (url) => {
    const { report, fan_out } = await bothWays(url);
    expect(report.model).toMatchObject({ id: "tiny", sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(fan_out).toBeNull();
  });
});

test("nobody gets at the model's files", async () => {
  await withWorker(tinyModel, {}, async (url) => {
    for (const path of ["/model/0.bin", "/model/manifest.json"]) expect((await fetch(new URL(path, url))).status).toBe(404);
    const page = await fetch(url);
    expect(page.headers.get("content-type")).toContain("text/html");
    expect((await fetch(url, { method: "HEAD" })).status).toBe(200);
  });
});

test("the real model summarizes, by JSON and by events", async () => {
  const [real] = JSON.parse(readFileSync(`${pkg}/models.json`, "utf8")) as { file: string; sha256: string }[];
  await withWorker(`${repository}/models/${real!.file}`, {}, async (url) => {
    const { summary, report } = await bothWays(url);
    expect(summary).toMatch(/\w+ \w+ \w+/);
    expect(report).toMatchObject({ model: { sha256: real!.sha256 }, backend: { kind: "wasm-relaxed-simd" }, plan: { strategy: "one-pass" } });
    console.log(`workerd: ${report.prefill.tokens} tokens at ${report.prefill.tokens_per_second?.toFixed(0)}/s, memory ${(await healthOf(url)).memory_bytes}: ${summary}`);
  });
});
