/** The model of the edge's engine: loads that fail, when they are tried again, and who hears of it. */
import { expect, test } from "@playwright/test";
import { stoppedClock } from "./edge/clock.js";
import type { HandlerEvent } from "../src/edge/events.js";
import type { Model } from "../src/edge/types.js";
import { ARTICLE, ask, createHandler, health, module, refusal, standIn, tiny } from "./edge/service.js";

const BYTES = new Uint8Array(await new Response(await tiny().open()).arrayBuffer());

const clock = stoppedClock();

const ready = (method = "GET") => new Request("https://precis.test/ready", { method });

test("a load that fails says so, and is tried again a second later", async () => {
  const cut = () => Promise.resolve(new Blob([BYTES.slice(0, 5000)]).stream());
  const broken = async () => new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error("connection lost")) });
  const cases: [string, Partial<Model>][] = [
    ["503 model-unavailable", { open: () => Promise.reject(new Error("no such bucket")) }],
    ["503 model-unavailable", { open: broken }],
    ["500 model-truncated", { open: cut }],
    ["500 model-not-gguf", { open: () => Promise.resolve(new Blob(["<!doctype html>".padEnd(BYTES.length)]).stream()) }],
    ["500 model-invalid", { sha256: "0".repeat(64) }],
  ];
  for (const [expected, changes] of cases) {
    const model = tiny(changes);
    const events: HandlerEvent[] = [];
    const handler = createHandler({ module, model, onEvent: (event) => events.push(event) });
    const failed = await handler(ask("/summarize", ARTICLE));
    expect(failed.headers.get("retry-after")).toBe("1");
    expect(await refusal(failed)).toBe(expected);
    const code = expected.slice(4);
    expect(await health(handler)).toMatchObject({ status: "degraded", loaded: false, memory_bytes: null, failure: { code, retry_after_s: 1 } });
    Object.assign(model, tiny());
    clock.time += 1000;
    expect(await refusal(await handler(ask("/summarize", ARTICLE)))).toBe("200");
    expect(await health(handler)).toMatchObject({ status: "ok", loaded: true, failure: null });
    expect(events).toMatchObject([
      { type: "model-failed", model: "tiny", code, failures: 1, retry_after_s: 1, error: expect.any(Error) },
      { type: "model-loaded", model: "tiny", memory_bytes: expect.any(Number) },
    ]);
  }
});

test("a model that stays corrupt is fetched less and less often", async () => {
  const model = tiny({ sha256: "0".repeat(64) });
  const events: HandlerEvent[] = [];
  const handler = createHandler({ module, model, onEvent: (event) => events.push(event) });
  const waits: number[] = [];
  for (let attempt = 1; attempt <= 11; attempt++) {
    expect(await refusal(await handler(ask("/summarize", ARTICLE)))).toBe("500 model-invalid");
    for (const request of [ask("/summarize", ARTICLE), ask("/note", { text: "a" }), ready()]) {
      const refused = await handler(request);
      const seconds = Number(refused.headers.get("retry-after"));
      expect(seconds).toBeGreaterThan(0);
      expect(await refusal(refused)).toBe("503 model-unavailable");
      waits[attempt - 1] = seconds;
    }
    expect(model.opened, "fetched once for all of them").toBe(attempt);
    clock.time += waits[attempt - 1]! * 1000;
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
  expect(events.length).toBe(11);
});

test("GET /ready loads the model, and says whether it can be used", async () => {
  const model = tiny();
  const handler = createHandler({ module, model });
  expect(await health(handler)).toMatchObject({ status: "ok", loaded: false });
  const answers = await Promise.all([handler(ready()), handler(ready("HEAD")), handler(ready())]);
  for (const { status } of answers) expect(status).toBe(200);
  expect(await answers[0].json()).toEqual({ status: "ready", model: "tiny" });
  expect(model.opened).toBe(1);
  expect(await health(handler)).toMatchObject({ loaded: true });
  const corrupt = createHandler({ module, model: tiny({ sha256: "0".repeat(64) }), onEvent: () => {} });
  expect(await refusal(await corrupt(ready()))).toBe("500 model-invalid");
  expect(await refusal(await corrupt(ready()))).toBe("503 model-unavailable");
});

test("failures are written to the console if nobody listens, and a listener's own errors change nothing", async () => {
  const lines: unknown[][] = [];
  const log = console.error;
  console.error = (...line: unknown[]) => void lines.push(line);
  try {
    const open = () => Promise.reject(new Error("no such bucket"));
    expect(await refusal(await createHandler({ module, model: tiny({ open }) })(ask("/summarize", ARTICLE)))).toBe("503 model-unavailable");
    expect(lines).toEqual([["precis: model-failed", expect.objectContaining({ code: "model-unavailable", error: expect.objectContaining({ message: "no such bucket" }) })]]);
    const onEvent = () => {
      throw new Error("a listener's own");
    };
    expect(await refusal(await createHandler({ module, model: tiny(), onEvent })(ask("/summarize", ARTICLE)))).toBe("200");
    const trap = () => {
      throw new WebAssembly.RuntimeError("unreachable");
    };
    expect(await refusal(await standIn({ summarize: trap }, { onEvent }).handler(ask("/summarize", ARTICLE)))).toBe("500 engine-crashed");
  } finally {
    console.error = log;
  }
});
