/** The example edge/cloudflare: documents that are read step by step, and its limit of documents. */
import { expect, test } from "@playwright/test";
import type { Answer } from "../src/edge/types.js";
import { tinyModel } from "./paths.js";
import { answered, ARTICLE } from "./edge/service.js";
import { Worker } from "./edge/worker.js";

interface Job {
  id: string;
  status: string;
  error: { message: string } | null;
  output: Answer | null;
}

const JSON_TYPE = { "Content-Type": "application/json" };

const post = (worker: Worker, path: string, document: object, headers = {}) => fetch(new URL(path, worker.url), { method: "POST", headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify(document) });

/** Starts a job, and waits for its end. */
async function ended(worker: Worker, document: object, headers = {}): Promise<Job> {
  const response = await post(worker, "/v1/jobs", document, headers);
  expect(response.status).toBe(202);
  const { id } = (await response.json()) as Job;
  const location = response.headers.get("location")!;
  expect(location).toBe(new URL(`/v1/jobs/${id}`, worker.url).href);
  const states: string[] = [];
  const job = async () => (await (await fetch(location, { headers })).json()) as Job;
  await expect.poll(async () => states[states.push((await job()).status) - 1], { timeout: 60_000 }).toMatch(/^(complete|errored)$/);
  return job();
}

let worker: Worker | undefined;
test.afterEach(() => worker?.stop());

test("a document is read step by step, and steps that fail are repeated", async () => {
  const asked: string[] = [];
  const failed = new Set<string>();
  // Each kind of step fails once.
  const fails = (path: string) => {
    asked.push(path);
    // Peers ask without the version.
    const step = path.replace(/^\/v1/, "");
    return !failed.has(step) && Boolean(failed.add(step));
  };
  worker = await Worker.start(tinyModel, { token: "secret", fails });
  const Authorization = "Bearer secret";
  const { status, error, output } = await ended(worker, { text: ARTICLE, length: "short" }, { Authorization });
  expect([status, error]).toEqual(["complete", null]);
  const windows = output!.report.plan.windows;
  expect(windows).toBeGreaterThan(2);
  expect(output!.report.plan).toMatchObject({ elsewhere: windows });
  const count = (path: string) => asked.filter((one) => one === path).length;
  expect([count("/v1/plan"), count("/v1/note"), count("/v1/summarize")]).toEqual([2, windows + 1, 2]);
  // Other requests fail no more.
  const { summary, fan_out } = await answered(await post(worker, "/v1/summarize", { text: ARTICLE, length: "short" }, { Authorization }));
  expect(fan_out).toMatchObject({ windows, retried: 0 });
  expect(output!.summary).toBe(summary);
});

test("a job is for who has the token, and what can't be read is refused at once", async () => {
  worker = await Worker.start(tinyModel, { token: "secret" });
  const Authorization = "Bearer secret";
  expect((await post(worker, "/v1/jobs", { text: ARTICLE })).status).toBe(401);
  expect(await (await post(worker, "/v1/jobs", { text: " " }, { Authorization })).json()).toMatchObject({ status: 422, code: "empty-document" });
  expect((await post(worker, "/v1/jobs", { text: ARTICLE }, { Authorization, "Content-Type": "text/plain" })).status).toBe(415);
  expect((await post(worker, "/v1/jobs", { text: ARTICLE }, { Authorization, "Content-Encoding": "gzip" })).status).toBe(415);
  const { status, id } = await ended(worker, { text: "Bees visit flowers to collect nectar and pollen, and fertilize plants on their way." }, { Authorization });
  expect(status).toBe("complete");
  expect((await fetch(new URL(`/v1/jobs/${id}`, worker.url))).status).toBe(401);
  expect((await fetch(new URL("/v1/jobs/nothing-of-this-name", worker.url), { headers: { Authorization } })).status).toBe(404);
});

test("an address that sends too many documents is refused", async () => {
  worker = await Worker.start(tinyModel, { limit: 2 });
  const document = { text: "Bees visit flowers to collect nectar and pollen, and fertilize plants on their way." };
  // Its windows are no documents: what the Worker sends itself is not counted.
  const { fan_out } = await answered(await post(worker, "/v1/summarize", { text: ARTICLE }));
  expect(fan_out!.windows).toBeGreaterThan(2);
  expect(fan_out!.retried).toBe(0);
  const statuses: number[] = [];
  for (let i = 0; i < 5; i++) statuses.push((await post(worker, "/v1/summarize", document)).status);
  // The minute may have changed in between.
  expect(statuses).toContain(200);
  expect(statuses).toContain(429);
  expect((await fetch(new URL("/v1/health", worker.url))).status).toBe(200);
});
