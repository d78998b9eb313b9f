/** Who computes when, and what happens to the engine: bounds, order, time, clients that go away, loads and traps that fail. */
import { expect, test } from "@playwright/test";
import type * as Aborts from "../src/edge/abort.js";
import type * as Admissions from "../src/edge/admission.js";
import type * as Queues from "../src/edge/queue.js";
import type { Call } from "../src/edge/types.js";
import { answered, ARTICLE, ask, compiled, createHandler, ENDLESS, events, gate, health, module, note, plan, refusal, report, standIn, tiny } from "./edge/service.js";

const { Admission } = await compiled<typeof Admissions>("admission.js");
const { Queue } = await compiled<typeof Queues>("queue.js");
const { unlessAborted } = await compiled<typeof Aborts>("abort.js");

/** Lets everything happen that waits for nothing. */
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

const call = (signal = new AbortController().signal): Call => ({ signal, keep: () => {}, stop: () => {} });

test("turns are taken one at a time, in order", async () => {
  const queue = new Queue(60_000, () => {});
  const log: string[] = [];
  const gates = [gate(), gate(), gate()];
  const turns = gates.map(({ promise }, at) =>
    queue.turn(call(), async () => {
      log.push(`begin ${at}`);
      await promise.finally(() => log.push(`end ${at}`));
    }),
  );
  gates[2]?.open();
  gates[0]?.open();
  await turns[0];
  // A turn that fails is over, too.
  gates[1]?.fail(new Error("on purpose"));
  await expect(turns[1]).rejects.toThrow("on purpose");
  await turns[2];
  expect(log).toEqual(["begin 0", "end 0", "begin 1", "end 1", "begin 2", "end 2"]);
});

test("whoever is aborted leaves at once; its turn lasts as long as its work", async () => {
  const queue = new Queue(60_000, () => {});
  const [first, second] = [new AbortController(), new AbortController()];
  const [working, log] = [gate(), [] as string[]];
  const running = queue.turn(call(first.signal), () => working.promise);
  const waiting = queue.turn(call(second.signal), async () => log.push("the one that left"));
  const last = queue.turn(call(), async () => log.push("last"));
  second.abort(new Error("gone"));
  await expect(waiting).rejects.toThrow("gone");
  first.abort(new Error("gone, too"));
  await expect(running).rejects.toThrow("gone, too");
  expect(log).toEqual([]);
  working.open();
  await last;
  expect(log).toEqual(["last"]);
  await expect(queue.turn(call(second.signal), async () => {})).rejects.toThrow("gone");
});

test("who is aborted in the moment of being called lets the next one in", async () => {
  const queue = new Queue(60_000, () => {});
  const gone = new AbortController();
  const working = gate();
  const running = queue.turn(call(), () => working.promise);
  const waiting = queue.turn(call(gone.signal), () => new Promise(() => {}));
  const last = queue.turn(call(), async () => "last");
  // The queue hears of the end first, and calls; before that is heard the second one is gone.
  await nextTurn();
  void working.promise.then(() => gone.abort(new Error("gone")));
  working.open();
  await running;
  await expect(waiting).rejects.toThrow("gone");
  expect(await last).toBe("last");
});

test("what a request that vanished held is free again", async () => {
  let [time, stuck] = [0, 0];
  const clock = Date.now;
  Date.now = () => time;
  try {
    const queue = new Queue(1000, () => stuck++);
    const places = new Admission("documents", 2, 10, 1000);
    const admit = (bytes: number) => {
      const place = places.enter();
      place.hold(bytes);
      place.admit();
    };
    admit(5);
    admit(5);
    const [vanished, working] = [gate(), gate()];
    const first = queue.turn(call(), () => vanished.promise);
    time = 1000;
    expect(() => admit(0)).toThrow("Too many");
    expect(() => admit(1)).toThrow("Too many");
    let others = 0;
    const second = queue.turn(call(), async () => others++);
    time = 1001;
    admit(10);
    const third = queue.turn(call(), () => working.promise);
    expect(stuck).toBe(1);
    // The first turn's end is not the third's.
    vanished.open();
    await first;
    await nextTurn();
    expect(others).toBe(0);
    working.open();
    await Promise.all([third, second]);
    expect(others).toBe(1);
  } finally {
    Date.now = clock;
  }
});

test("requests beyond the bound are told when to come again", async () => {
  const working = gate();
  const { handler } = standIn({ summarize: () => working.promise.then(() => report("done")) }, { limits: { queue: 2 } });
  const kept: Promise<unknown>[] = [];
  const admitted = [1, 2, 3].map((at) => handler(ask("/summarize", "text"), at === 3 ? { waitUntil: (work) => kept.push(work) } : undefined));
  // Their bodies are read in turns of the event loop that nobody counts.
  await expect.poll(() => health(handler)).toMatchObject({ waiting: 2, loaded: true, model: "tiny", memory_bytes: 65536 });
  for (const headers of [{}, { Accept: "text/event-stream" }]) {
    const refused = await handler(ask("/summarize", "text", headers));
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(await refusal(refused)).toBe("503 busy");
  }
  expect(kept.length, "the runtime keeps a request that only waits").toBe(1);
  working.open();
  for (const response of await Promise.all(admitted)) expect((await answered(response)).summary).toBe("done");
  expect(await health(handler)).toMatchObject({ waiting: 0 });
  expect(await refusal(await handler(ask("/summarize", "text")))).toBe("200");
});

test("a document that finds no place is refused before it is read", async () => {
  const working = gate();
  const { handler } = standIn({ summarize: () => working.promise.then(() => report("done")) }, { limits: { queue: 0 } });
  const first = handler(ask("/summarize", "text"));
  await expect.poll(() => health(handler)).toMatchObject({ loaded: true });
  const read: string[] = [];
  const body = new ReadableStream({ pull: () => void read.push("pulled"), cancel: () => void read.push("cancelled") }, { highWaterMark: 0 });
  expect(await refusal(await handler(ask("/summarize", body)))).toBe("503 busy");
  expect(read).toEqual(["cancelled"]);
  working.open();
  expect(await refusal(await first)).toBe("200");
});

test("waiting documents have a limit of bytes, too", async () => {
  const working = gate();
  const { handler } = standIn({ summarize: () => working.promise.then(() => report("done")) });
  const document = "word ".repeat(90_000);
  const nine = Array.from({ length: 9 }, () => handler(ask("/summarize", document)));
  const statuses: string[] = [];
  for (const response of nine) void response.then(async (response) => statuses.push(`${await refusal(response)} ${response.headers.has("retry-after")}`));
  // Two of 450 kB fit in 1 MiB.
  await expect.poll(() => statuses).toEqual(Array(7).fill("503 busy true"));
  expect(await health(handler)).toMatchObject({ waiting: 1, queued_bytes: 900_000 });
  // Small ones fit beside them.
  const small = handler(ask("/summarize", "text"));
  await expect.poll(() => health(handler)).toMatchObject({ waiting: 2, queued_bytes: 900_004 });
  working.open();
  expect(await refusal(await small)).toBe("200");
  await Promise.all(nine);
  expect(await health(handler)).toMatchObject({ waiting: 0, queued_bytes: 0 });
  expect(await refusal(await handler(ask("/summarize", "a".repeat(513 * 1024))))).toBe("413 document-too-large");
  expect(await health(handler)).toMatchObject({ queued_bytes: 0 });
});

test("the largest document is taken whatever the limit of all bytes", async () => {
  const { handler } = standIn({}, { limits: { bytes: 1000, queueBytes: 10 } });
  expect(await refusal(await handler(ask("/summarize", "a".repeat(1000))))).toBe("200");
});

test("documents are not refused for their own notes", async () => {
  const working = gate();
  const { handler } = standIn(
    { plan: () => plan(["0", "1", "2", "3", "4"]), note: () => working.promise.then(() => note("noted")) },
    { peers: Array.from({ length: 4 }, () => (request: Request) => handler(request)) },
  );
  const first = Array.from({ length: 5 }, () => handler(ask("/summarize", "text")));
  // Each of them asks its own isolate for four notes.
  await expect.poll(() => health(handler)).toMatchObject({ waiting: 4, notes: 20 });
  const others = [...Array.from({ length: 4 }, () => handler(ask("/summarize", "text"))), ...Array.from({ length: 12 }, () => handler(ask("/note", { text: "0" })))];
  await expect.poll(() => health(handler)).toMatchObject({ waiting: 8, notes: 32 });
  // More notes are not taken, nor more documents.
  expect(await refusal(await handler(ask("/note", { text: "0" })))).toBe("503 busy");
  expect(await refusal(await handler(ask("/summarize", "text")))).toBe("503 busy");
  working.open();
  for (const response of await Promise.all([...first, ...others])) expect(await refusal(response)).toBe("200");
  expect(await health(handler)).toMatchObject({ waiting: 0, notes: 0, queued_bytes: 0 });
});

test("a request ends when its time is up, and the engine with it", async () => {
  const stopped = gate<unknown>();
  const { handler } = standIn(
    { summarize: (text, _, signal) => (text === "short" ? Promise.resolve(report("short")) : unlessAborted(new Promise<never>(() => {}), signal!).catch((error) => (stopped.open(error), Promise.reject(error)))) },
    // Long enough for the short one, also on a busy machine.
    { limits: { seconds: 2 } },
  );
  expect(await refusal(await handler(ask("/summarize", "long")))).toBe("503 timeout");
  expect(await stopped.promise).toMatchObject({ code: "timeout" });
  expect(await refusal(await handler(ask("/summarize", "short")))).toBe("200");
});

test("a client that goes away stops what is computed for it", async () => {
  const handler = createHandler({ module, model: tiny(), limits: { queue: 1 } });
  const gone = new AbortController();
  const response = await handler(ask("/summarize", ENDLESS, { Accept: "text/event-stream" }, gone.signal));
  const seen: string[] = [];
  for await (const { event, data } of events(response)) {
    seen.push(event);
    if (event === "planned") gone.abort();
    if (event === "error") expect(data.code).toBe("cancelled");
  }
  expect(seen.at(-1)).toBe("error");
  expect(seen).not.toContain("piece");
  // By the stream: nobody reads on.
  const kept: Promise<unknown>[] = [];
  const stream = await handler(ask("/summarize", ENDLESS, { Accept: "text/event-stream" }), { waitUntil: (work) => kept.push(work) });
  for await (const { event } of events(stream)) if (event === "planned") break;
  await Promise.all(kept);
  expect(kept.length, "the runtime was asked to wait for the work's end").toBeGreaterThan(0);
  expect((await answered(await handler(ask("/summarize", ARTICLE)))).summary).not.toBe("");
});

test("concurrent first requests share one load", async () => {
  const model = tiny();
  const handler = createHandler({ module, model });
  const all = await Promise.all([1, 2, 3].map(async () => answered(await handler(ask("/summarize", ARTICLE)))));
  expect(new Set(all.map(({ summary }) => summary)).size).toBe(1);
  expect(model.opened).toBe(1);
  expect(await health(handler)).toMatchObject({ loaded: true, load_ms: expect.any(Number), waiting: 0 });
});

test("an engine that traps is thrown away, even if its own promise never ends", async () => {
  const trap = () => {
    throw new WebAssembly.RuntimeError("unreachable");
  };
  const thrown = standIn({ summarize: (text) => (text === "bad" ? trap() : Promise.resolve(report("good"))) });
  expect(await refusal(await thrown.handler(ask("/summarize", "bad")))).toBe("500 engine-crashed");
  expect(await health(thrown.handler)).toMatchObject({ loaded: false });
  expect((await answered(await thrown.handler(ask("/summarize", "good")))).summary).toBe("good");
  expect(thrown.state.made).toBe(2);

  const computing = gate();
  const silent = standIn({ note: () => (computing.open(), new Promise(() => {})) });
  const waiting = silent.handler(ask("/note", { text: "bad" }));
  await computing.promise;
  silent.state.trap(new WebAssembly.RuntimeError("unreachable"));
  expect(await refusal(await waiting)).toBe("500 engine-crashed");
  expect(await health(silent.handler)).toMatchObject({ loaded: false });
  expect((await answered(await silent.handler(ask("/summarize", "good")))).summary).toBe("summary");
  expect(silent.state.made).toBe(2);

  // While nobody asks for anything.
  silent.state.trap(new WebAssembly.RuntimeError("unreachable"));
  expect((await answered(await silent.handler(ask("/summarize", "good")))).summary).toBe("summary");
  expect(silent.state.made).toBe(3);
});

test("an engine that is asked for something wrong is kept", async () => {
  const refuse = (code: string) => Object.assign(new Error("The engine says no."), { code });
  const codes = { "prompt-too-long": 422, "out-of-memory": 503, "host-failed": 500, "model-invalid": 500 };
  for (const [code, status] of Object.entries(codes)) {
    const { handler, state } = standIn({ note: async (text) => (text === "bad" ? Promise.reject(refuse(code)) : note("noted")) });
    expect(await refusal(await handler(ask("/note", { text: "bad" })))).toBe(`${status} ${code}`);
    expect(await (await handler(ask("/note", { text: "good" }))).json()).toEqual(note("noted"));
    expect(state.made).toBe(1);
  }
});
