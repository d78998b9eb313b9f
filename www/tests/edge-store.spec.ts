/** Notes that are kept between requests, in a map and in the example's Durable Object. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "@playwright/test";
import type { HandlerEvent } from "../src/edge/events.js";
import type { Answer, Handler, HandlerOptions, NoteStore } from "../src/edge/types.js";
import type { Note } from "../src/edge/wasm/simd/precis.js";
import { answered, ARTICLE, ask, createHandler, events, module, tiny } from "./edge/service.js";
import { Worker } from "./edge/worker.js";
import { tinyModel } from "./paths.js";

const sha256 = createHash("sha256").update(readFileSync(tinyModel)).digest("hex");

class MapStore implements NoteStore {
  readonly notes = new Map<string, Note>();
  async get(keys: readonly string[]): Promise<unknown[]> {
    return keys.map((key) => this.notes.get(key) ?? null);
  }
  async put(key: string, note: Note): Promise<void> {
    this.notes.set(key, note);
  }
}

const told: HandlerEvent[] = [];
const handlerWith = (options: Partial<HandlerOptions>) => createHandler({ module, model: tiny({ sha256 }), onEvent: (event) => told.push(event), ...options });
const summarized = async (handler: Handler, text = ARTICLE, headers = {}): Promise<Answer> => answered(await handler(ask("/v1/summarize", { text, length: "short" }, headers)));

let alone: Answer;
test.beforeAll(async () => {
  alone = await summarized(handlerWith({}));
  expect(alone.report.plan.windows).toBeGreaterThan(5);
});

test("a document that is sent again is not read again, and one that is changed only where it is new", async () => {
  const store = new MapStore();
  const { windows } = alone.report.plan;
  const peer = handlerWith({});
  for (const peers of [[], [peer]]) {
    store.notes.clear();
    const handler = handlerWith({ noteStore: () => store, peers });
    const first = await summarized(handler);
    expect(first.summary).toBe(alone.summary);
    expect(first.report.plan).toMatchObject({ windows, remembered: 0, remembered_tokens: 0 });
    expect(first.report.prefill.tokens + first.report.plan.elsewhere_tokens!).toBe(alone.report.prefill.tokens);
    expect(store.notes.size).toBe(windows);
    const read = [...store.notes.values()].reduce((sum, { tokens }) => sum + tokens, 0);

    const again = await summarized(handler);
    expect(again.summary).toBe(alone.summary);
    expect(again.report.plan).toMatchObject({ windows, elsewhere: 0, remembered: windows, remembered_tokens: read });
    expect(again.report.prefill.tokens).toBe(alone.report.prefill.tokens - read);
    expect(again.fan_out === null).toBe(peers.length === 0);

    const changed = `${ARTICLE}\n\nOne more paragraph says that bees visit flowers to collect nectar.`;
    const { report, summary } = await summarized(handler, changed);
    expect(summary).toBe((await summarized(peer, changed)).summary);
    expect(report.plan.remembered).toBeGreaterThan(windows / 2);
    expect(report.plan.remembered).toBeLessThan(report.plan.windows);
  }
});

test("nothing of one caller's store is used for another, and no key or note shows the text", async () => {
  const stores = { ana: new MapStore(), ben: new MapStore() };
  const handler = handlerWith({ noteStore: ({ headers }) => stores[headers.get("x-caller") as keyof typeof stores] });
  const { windows } = alone.report.plan;
  const remembered = async (headers: object) => (await summarized(handler, ARTICLE, headers)).report.plan.remembered;
  expect(await remembered({ "X-Caller": "ana" })).toBe(0);
  expect(await remembered({ "X-Caller": "ben" })).toBe(0);
  expect(await remembered({})).toBe(0);
  expect(await remembered({ "X-Caller": "ana" })).toBe(windows);
  for (const key of stores.ana.notes.keys()) expect(key).toMatch(/^[0-9a-f]{64}-[0-9a-f]{32}$/);
  for (const word of ARTICLE.match(/[A-Za-z]{8,}/g)!) expect(JSON.stringify([...stores.ana.notes.values()])).not.toContain(word);
});

test("what was read of a document whose request ended too early is kept", async () => {
  const store = new MapStore();
  const handler = handlerWith({ noteStore: () => store });
  const leave = new AbortController();
  const response = await handler(ask("/v1/summarize", ARTICLE, { Accept: "text/event-stream" }, leave.signal));
  for await (const { event } of events(response)) if (event === "note") break;
  leave.abort();
  const { report, summary } = await summarized(handler);
  expect(summary).toBe(alone.summary);
  expect(report.plan.remembered).toBeGreaterThan(0);
});

test("a store that fails, hangs or lies changes no summary", async () => {
  const never = new Promise<never>(() => {});
  const lies = (value: unknown): NoteStore => ({ get: async () => value as unknown[], put: async () => {} });
  const broken: [string, NoteStore, number][] = [
    ["throws", { get: () => { throw new Error("no"); }, put: () => { throw new Error("no"); } }, 1 + alone.report.plan.windows],
    ["rejects", { get: () => Promise.reject(new Error("no")), put: () => Promise.reject(new Error("no")) }, 1 + alone.report.plan.windows],
    ["hangs", { get: () => never, put: () => never }, 1 + alone.report.plan.windows],
    ["returns no list", lies("notes"), 1],
    ["returns too few", lies([null]), 0],
    ["returns no notes", lies(Array.from({ length: 100 }, () => ({ text: "x" }))), 0],
    ["returns impossible notes", lies(Array.from({ length: 100 }, () => ({ text: "x", tokens: 2 ** 40, ms: 1, judged: [] }))), 0],
  ];
  for (const [what, store, failures] of broken) {
    told.length = 0;
    const { summary, report } = await summarized(handlerWith({ noteStore: () => store }));
    expect(summary, what).toBe(alone.summary);
    expect(report.plan.remembered, what).toBe(0);
    await expect.poll(() => told.filter(({ type }) => type === "store-failed").length, what).toBe(failures);
  }
});

test("a deployment that can't name a store reads the document", async () => {
  told.length = 0;
  const { summary } = await summarized(handlerWith({ noteStore: () => { throw new Error("no"); } }));
  expect(summary).toBe(alone.summary);
  expect(told).toMatchObject([{ type: "store-failed" }, { type: "model-loaded" }]);
});

test("notes need a model that is known by its hash", () => {
  expect(() => handlerWith({ model: tiny(), noteStore: () => new MapStore() })).toThrow(/Invalid noteStore/);
});

test("the example on Cloudflare keeps notes in a Durable Object, if it is told to and has a token", async () => {
  const twice = async (changes: { keeps?: boolean; token?: string }) => {
    const worker = await Worker.start(tinyModel, changes);
    try {
      const headers = { "Content-Type": "text/plain", ...(changes.token && { Authorization: `Bearer ${changes.token}` }) };
      const post = async () => answered(await fetch(new URL("/v1/summarize", worker.url), { method: "POST", headers, body: ARTICLE }));
      const first = await post();
      expect(first.report.plan.remembered).toBe(0);
      let second = await post();
      // Notes are kept after the answer, if at all.
      if (changes.keeps && changes.token) await expect.poll(async () => (second = await post()).report.plan.remembered).toBe(first.report.plan.windows);
      expect(second.summary).toBe(first.summary);
      expect(second.report.plan.remembered! + second.fan_out!.elsewhere).toBeLessThanOrEqual(first.report.plan.windows);
      return [first.report.plan.windows, second.report.plan.remembered];
    } finally {
      await worker.stop();
    }
  };
  const [windows, kept] = await twice({ keeps: true, token: "secret" });
  expect(kept).toBe(windows);
  expect((await twice({ token: "secret" }))[1]).toBe(0);
  expect((await twice({ keeps: true }))[1]).toBe(0);
});
