/** A document's windows, shared out among peers that work, fail, hang and lie. The real engine, except where the order is the point. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "@playwright/test";
import type { HandlerEvent } from "../src/edge/events.js";
import type * as Figures from "../src/edge/figures.js";
import type * as Peers from "../src/edge/peer.js";
import type { Answer, Fetch, Handler, HandlerOptions, Limits } from "../src/edge/types.js";
import { answered, ARTICLE, ask, compiled, createHandler, gate, module, note, plan, refusal, report, standIn, tiny } from "./edge/service.js";

const { withNotes } = await compiled<typeof Figures>("figures.js");
const { Peer } = await compiled<typeof Peers>("peer.js");

/** What the handlers have to tell, all of them. */
const told: HandlerEvent[] = [];

const handlerWith = (options: Partial<HandlerOptions>) => createHandler({ module, model: tiny(), onEvent: (event) => told.push(event), ...options });
const summarized = async (handler: Handler, text = ARTICLE): Promise<Answer> => answered(await handler(ask("/summarize", text)));

/** What one isolate says, without anybody's help. */
let alone: Answer;
test.beforeAll(async () => {
  alone = await summarized(handlerWith({}));
  expect(alone.report.plan.windows).toBeGreaterThan(5);
  expect(alone.fan_out).toBeNull();
});

/** A peer that counts what it is asked, and does it. */
function counted(peer: Fetch): Fetch & { asked: number } {
  const count = { asked: 0 };
  const counting: Fetch = (request) => (count.asked++, peer(request));
  return Object.defineProperty(counting, "asked", { get: () => count.asked }) as Fetch & { asked: number };
}

test("peers share the windows, and the summary is what one isolate says", async () => {
  const peers = [1, 2].map(() => counted(handlerWith({ token: "secret" })));
  const handler = handlerWith({ peers, token: "secret" });
  const answer = await answered(await handler(ask("/summarize", ARTICLE, { Authorization: "Bearer secret" })));
  expect(answer.summary).toBe(alone.summary);
  const { windows } = alone.report.plan;
  expect(answer.fan_out).toEqual({ windows, elsewhere: expect.any(Number), retried: 0, hedged: expect.any(Number), peers_failed: 0 });
  // On a busy machine some windows get a second reader.
  const { elsewhere, hedged } = answer.fan_out!;
  const asked = peers[0]!.asked + peers[1]!.asked;
  expect(elsewhere).toBeLessThanOrEqual(asked);
  expect(elsewhere).toBeGreaterThanOrEqual(asked - hedged);
  for (const peer of peers) expect(peer.asked).toBeGreaterThan(0);
});

test("each figure of the report counts once, whoever read what", async () => {
  const lying: Fetch = async () => Response.json({ text: "x", tokens: 2 ** 32 - 1, ms: null });
  for (const [peers, elsewhere] of [[[handlerWith({})], expect.any(Number)], [[lying, lying], 0]] as const) {
    const { report, fan_out } = await summarized(handlerWith({ peers }));
    expect(fan_out).toMatchObject({ windows: report.plan.windows, elsewhere });
    expect(report.plan.elsewhere).toBe(fan_out!.elsewhere);
    const { tokens, ms, tokens_per_second } = report.prefill;
    expect(tokens + report.plan.elsewhere_tokens!).toBe(alone.report.prefill.tokens);
    expect(tokens).toBeGreaterThan(0);
    expect(tokens_per_second).toBe((tokens / ms!) * 1000);
    expect(report.peak.efficiency).toBeCloseTo((report.model.linear_macs * tokens_per_second!) / (report.peak.gemm_gmacs! * 1e9), 9);
    // What a note does not say is named.
    for (const path of ["prefill.chunks", "decode"]) expect(report.absent[path]).toContain(`${report.plan.windows - fan_out!.elsewhere} windows`);
    for (const path of ["prefill.ms", "prefill.tokens_per_second", "peak.efficiency"]) expect(report.absent).not.toHaveProperty([path]);
  }
  // On a clock that stands still a speed is null, not infinite.
  const still = withNotes({ ...alone.report, prefill: { ...alone.report.prefill, ms: null } }, { here: [note("a")], elsewhere: [], remembered: [] });
  expect(still.prefill).toMatchObject({ ms: null, tokens_per_second: null });
});

test("every isolate is told the document's kind, and so asks the same", async () => {
  const bodies: unknown[] = [];
  const here: unknown[] = [];
  const begun = gate();
  // The peer is not done before this isolate has taken a window.
  const peer: Fetch = async (request) => {
    bodies.push(await request.json());
    await begun.promise;
    return Response.json(note("there"));
  };
  const { handler } = standIn(
    {
      plan: () => plan(["0", "1", "2"], "transcript"),
      note: async (_, { kind }) => (here.push(kind), begun.open(), note("here")),
    },
    { peers: [peer] },
  );
  await answered(await handler(ask("/summarize", "text")));
  expect(bodies.length + here.length).toBe(3);
  expect(bodies.length).toBeGreaterThan(0);
  expect(here.length).toBeGreaterThan(0);
  for (const body of bodies) expect(body).toEqual({ text: expect.stringMatching(/^[012]$/), kind: "transcript" });
  expect(new Set(here)).toEqual(new Set(["transcript"]));
  // As a peer does with what it is asked.
  const given: unknown[] = [];
  const other = standIn({ note: async (text, options) => (given.push([text, options]), note("noted")) });
  expect(await refusal(await other.handler(ask("/note", { text: "0", kind: "transcript" })))).toBe("200");
  expect(given).toEqual([["0", { kind: "transcript", positions: 1536, fresh: true }]]);
});

test("a document that is read in one pass is nobody else's business", async () => {
  const peer = counted(handlerWith({}));
  const answer = await summarized(handlerWith({ peers: [peer] }), "A short text.");
  expect(answer.fan_out).toBeNull();
  expect(peer.asked).toBe(0);
});

test("an isolate that is its own peer doesn't wait for itself", async () => {
  let handler: Handler;
  const self: Fetch = (request) => handler(request);
  handler = handlerWith({ peers: [self, (request) => handler(request)], limits: { queue: 2 } });
  const answer = await summarized(handler);
  expect(answer.summary).toBe(alone.summary);
  expect(answer.fan_out!.elsewhere).toBeGreaterThan(0);
});

test("what peers don't do is done here", async () => {
  const liar = (body: unknown) => async () => Response.json(body);
  let pulled = 0;
  const endless = { get readable() { return new ReadableStream({ pull: (controller) => (pulled++, controller.enqueue(new Uint8Array(1000).fill(32))) }); } };
  const broken: [string, Fetch][] = [
    ["fails", async () => new Response("no", { status: 500 })],
    ["throws", () => Promise.reject(new TypeError("connection refused"))],
    ["throws at once", () => { throw new TypeError("no such binding"); }],
    ["is no peer", async () => new Response("<!doctype html>")],
    ["sends no note", liar({ text: "x", tokens: -1, ms: null })],
    ["sends no text", liar({ tokens: 1, ms: null })],
    ["sends null", liar(null)],
    ["sends more than the engine takes", liar({ text: "é".repeat(2049), tokens: 1, ms: null })],
    ["counts more tokens than a window can have", liar({ text: "x", tokens: 2 ** 32 - 1, ms: null })],
    ["took longer than it was waited for", liar({ text: "x", tokens: 1, ms: 1e9 })],
    ["judges what is beyond the window", liar({ ...note("x"), judged: [{ at: 1e6, worth: 1 }] })],
    ["judges beyond measure", liar({ ...note("x"), judged: [{ at: 0, worth: 1e9 }] })],
    ["judges too many sentences", liar({ ...note("x"), judged: Array.from({ length: 4097 }, (_, at) => ({ at, worth: 1 })) })],
    ["judges a sentence twice", liar({ ...note("x"), judged: [{ at: 0, worth: 1 }, { at: 0, worth: 1 }] })],
    ["judges backwards", liar({ ...note("x"), judged: [{ at: 1, worth: 1 }, { at: 0, worth: 1 }] })],
    ["took for ever", async () => new Response('{"text":"x","tokens":1,"ms":1e999}')],
    ["sends without end", async () => new Response(endless.readable)],
    ["begins to answer", async () => new Response(new ReadableStream())],
    ["refuses without end", async () => new Response(new ReadableStream({ cancel: () => new Promise(() => {}) }), { status: 500 })],
    ["never answers", () => new Promise(() => {})],
  ];
  for (const [what, peer] of broken) {
    const answer = await summarized(handlerWith({ peers: [peer], limits: { noteSeconds: 0.02 } }));
    expect(answer.summary, what).toBe(alone.summary);
    // Two windows came back, and nobody else could try them.
    expect(answer.fan_out, what).toMatchObject({ windows: alone.report.plan.windows, elsewhere: 0, retried: 2, peers_failed: 1 });
    expect(told.at(-1), what).toMatchObject({ type: "peer-failed", peer: 0, error: expect.any(Error) });
  }
});

test("a peer judges as many sentences as the engine takes, up to the window's last byte", async () => {
  const judging = (length: number) => new Peer(async () => Response.json({ ...note("x"), judged: Array.from({ length }, (_, at) => ({ at, worth: 1 })) }), undefined);
  const asked = (length: number, bytes: number) => judging(length).note({ text: "a".repeat(bytes), kind: undefined }, new AbortController().signal);
  expect((await asked(4096, 4096)).judged).toHaveLength(4096);
  await expect(asked(4096, 4095)).rejects.toThrow("invalid note");
  await expect(asked(4097, 5000)).rejects.toThrow("invalid note");
});

test("peers that hang cost no more than their windows, read here", async () => {
  const hung: Fetch = () => new Promise(() => {});
  const stopped: unknown[] = [];
  const hungBody: Fetch = async ({ signal }) => (signal.addEventListener("abort", () => stopped.push(signal.reason)), new Response(new ReadableStream()));
  for (const peers of [[hung], [hung, hungBody], [hung, hungBody, handlerWith({})]]) {
    // The request would end with `timeout` long before the peers' own time is over.
    const answer = await summarized(handlerWith({ peers, limits: { seconds: 20, noteSeconds: 60 } }));
    expect(answer.summary).toBe(alone.summary);
    expect(answer.fan_out).toMatchObject({ windows: alone.report.plan.windows, retried: 0, peers_failed: 0 });
    expect(answer.fan_out!.hedged).toBeGreaterThanOrEqual(Math.min(peers.length, 2));
  }
  expect(stopped.length, "and they are told to stop").toBe(2);
});

test("of two readers of a window the first counts, and the other stops", async () => {
  for (const first of ["here", "there"]) {
    const [asked, there, hedging] = [gate(), gate(), gate()];
    const cancelled = gate();
    const given: unknown[] = [];
    const { handler } = standIn(
      {
        plan: () => plan(["0", "1"]),
        note: async (text, _, signal) => {
          await asked.promise;
          if (text === "1") return note("here on 1");
          hedging.open();
          if (first === "here") return note("here on 0");
          return new Promise((_, reject) => signal!.addEventListener("abort", () => (cancelled.open(), reject(new Error("stopped")))));
        },
        summarize: async (_, options) => (given.push(options.notes), report("done")),
      },
      {
        peers: [
          async (request) => {
            // It gets the first window: this isolate waits for its engine.
            asked.open();
            await hedging.promise;
            if (first === "there") return Response.json(note("there on 0"));
            request.signal.addEventListener("abort", () => there.open());
            await there.promise;
            return new Response(new ReadableStream({ cancel: () => cancelled.open() }));
          },
        ],
      },
    );
    const { fan_out } = await answered(await handler(ask("/summarize", "text")));
    await cancelled.promise;
    expect(given).toEqual([[note(`${first} on 0`), note("here on 1")]]);
    expect(fan_out).toMatchObject({ windows: 2, elsewhere: first === "there" ? 1 : 0, retried: 0, hedged: 1, peers_failed: 0 });
  }
});

test("a peer's time is bounded by what it took before", async () => {
  const limits = { noteSeconds: 60 } as Limits;
  const peer = new Peer(() => Promise.reject(new Error("not asked")), undefined);
  expect(peer.secondsFor(4000, limits), "unknown").toBe(60);
  peer.pace.took(4000, 8000);
  expect(peer.secondsFor(4000, limits)).toBe(32);
  expect(peer.secondsFor(40_000, limits), "never more than the limit").toBe(60);
  expect(peer.secondsFor(400, limits), "nor less than a model takes to load").toBe(10);
});

test("a window that fails is tried by another peer, and then no more", async () => {
  const asked: string[] = [];
  const peer = (name: string, bad: string): Fetch => async (request) => {
    const { text } = (await request.json()) as { text: string };
    asked.push(`${name} ${text}`);
    return text === bad ? new Response(null, { status: 503 }) : Response.json(note(`${name} on ${text}`));
  };
  const free = gate();
  const given: unknown[] = [];
  const { handler } = standIn(
    {
      plan: () => plan(["0", "1", "2", "3"]),
      // This isolate is busy with its window until peers have tried the bad one.
      note: (text) => free.promise.then(() => note(`here on ${text}`)),
      summarize: async (_, options) => (given.push(options.notes), report("done")),
    },
    {
      peers: [peer("a", "1"), peer("b", "1"), peer("c", "none")],
      limits: { tries: 2 },
    },
  );
  const answering = handler(ask("/summarize", "text"));
  await expect.poll(() => asked.filter((line) => line.endsWith(" 1")).length).toBeGreaterThan(1);
  free.open();
  const answer = await answered(await answering);
  const tried = asked.filter((line) => line.endsWith(" 1"));
  expect(new Set(tried).size, "never twice at one peer").toBe(tried.length);
  expect(answer.fan_out).toMatchObject({ windows: 4, peers_failed: 0, retried: tried.filter((line) => !line.startsWith("c")).length });
  const taken = [/ on 0$/, /^(c|here) on 1$/, / on 2$/, / on 3$/];
  expect(given).toEqual([taken.map((text) => ({ text: expect.stringMatching(text), tokens: 1, ms: null, judged: [] }))]);
});

test("a window is not tried by more peers than the limit says", async () => {
  for (const tries of [1, 2]) {
    const tried = new Map<string, number>();
    const enough = gate();
    const failing = (): Fetch => async (request) => {
      const { text } = (await request.json()) as { text: string };
      tried.set(text, (tried.get(text) ?? 0) + 1);
      if (tried.get(text) === tries) enough.open();
      return new Response(null, { status: 500 });
    };
    // Which window this isolate takes first depends on the runtime. It waits, so that three peers have only the other one.
    const slow = async () => enough.promise.then(() => note("noted"));
    const { handler } = standIn({ plan: () => plan(["x", "y"]), note: slow }, { peers: [failing(), failing(), failing()], limits: { tries } });
    const { fan_out } = await answered(await handler(ask("/summarize", "text")));
    expect(Math.max(...tried.values())).toBe(tries);
    expect(fan_out).toMatchObject({ windows: 2, elsewhere: 0, retried: [...tried.values()].reduce((sum, count) => sum + count) });
  }
});

test("a request that ends takes its peers' work with it", async () => {
  const told = gate<unknown>();
  const gone = new AbortController();
  const peer: Fetch = (request) =>
    new Promise((_, reject) => {
      request.signal.addEventListener("abort", () => {
        told.open(request.signal.reason);
        reject(request.signal.reason);
      });
      // Node's server for Hono gives a string.
      gone.abort("gone");
    });
  const left = standIn({ plan: () => plan(["0", "1"]), note: () => new Promise(() => {}) }, { peers: [peer] });
  expect(await refusal(await left.handler(ask("/summarize", "text", {}, gone.signal)))).toBe("503 cancelled");
  await told.promise;

  // Nor does a peer go on with what can't be finished here.
  const stopped = gate();
  const asked = gate();
  const waiting: Fetch = (request) => new Promise(() => (asked.open(), request.signal.addEventListener("abort", () => stopped.open())));
  const failing = standIn(
    { plan: () => plan(["0", "1"]), note: () => asked.promise.then(() => Promise.reject(Object.assign(new Error("No memory left."), { code: "out-of-memory" }))) },
    { peers: [waiting] },
  );
  expect(await refusal(await failing.handler(ask("/summarize", "text")))).toBe("503 out-of-memory");
  await stopped.promise;
});

test("a peer that never answers is given up, whatever the garbage collector does meanwhile", async () => {
  // Node collects a timeout that is part of AbortSignal.any, and then it never fires.
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const silent: Fetch = () =>
    new Promise(() => {
      setImmediate(() => (collect(), setImmediate(collect)));
    });
  const answer = await summarized(handlerWith({ peers: [silent], limits: { noteSeconds: 0.05 } }));
  expect(answer.summary).toBe(alone.summary);
  expect(answer.fan_out).toMatchObject({ elsewhere: 0, retried: 2, peers_failed: 1 });
});
