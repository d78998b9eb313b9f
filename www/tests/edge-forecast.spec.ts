/** Documents that can't be read within the time limit are refused early, with the size that fits. The clock is the test's. */
import { expect, test } from "@playwright/test";
import { stoppedClock } from "./edge/clock.js";
import { answered, ask, events, gate, note, plan, refusal, report, standIn } from "./edge/service.js";

const SECONDS = 100;

/** Milliseconds that the stand-in takes for a character. */
const PACE = 1;

const clock = stoppedClock();

/** A handler whose engine reads windows of 1,000 characters in a second each. */
function reader(options: Parameters<typeof standIn>[1] = {}) {
  const seen = { notes: 0, runs: 0 };
  const engine: Parameters<typeof standIn>[0] = {
    plan: (text) => plan(text.match(/.{1,1000}/g)!),
    note: async (text) => (seen.notes++, (clock.time += text.length * PACE), note("noted")),
    summarize: async (text, { notes }) => (seen.runs++, notes?.length || (clock.time += text.length * PACE), { ...report("done"), plan: { strategy: "windows" } } as ReturnType<typeof report>),
  };
  return { seen, ...standIn(engine, { ...options, limits: { seconds: SECONDS } }) };
}

/** Three notes for a peer, which show the speed. */
async function timed(handler: ReturnType<typeof standIn>["handler"], characters = 1000): Promise<void> {
  for (let note = 0; note < 3; note++) await handler(ask("/note", { text: "a".repeat(characters) }));
}

/** The message of a refusal, and the size that it names. */
async function tooLarge(response: Response): Promise<{ message: string; most: number }> {
  const { message } = (await response.clone().json()) as { message: string };
  expect(await refusal(response)).toBe("413 document-too-large");
  return { message, most: Number(/at most (\d+) characters/.exec(message)?.[1]) };
}

test("a document that takes too long by the speed seen is not begun", async () => {
  const { handler, seen } = reader();
  const long = "a".repeat(400_000);
  for (let document = 0; document < 3; document++) await answered(await handler(ask("/summarize", "a".repeat(10_000))));
  const { message, most } = await tooLarge(await handler(ask("/summarize", long)));
  expect(message).toContain("about 400 s");
  expect(most).toBe(90_000);
  expect(seen).toEqual({ notes: 0, runs: 3 });
  await answered(await handler(ask("/summarize", "a".repeat(most))));
  // Notes for a peer show the speed, too.
  const other = reader();
  await timed(other.handler);
  await tooLarge(await other.handler(ask("/summarize", long)));
  // What was seen long ago is tried again.
  clock.time += 600_001;
  expect(await refusal(await other.handler(ask("/summarize", long)))).toBe("200");
});

test("short notes and single ones refuse nothing", async () => {
  const { handler } = reader();
  await timed(handler, 999);
  expect(await refusal(await handler(ask("/summarize", "a".repeat(400_000))))).toBe("200");
  const other = reader();
  for (let note = 0; note < 2; note++) await other.handler(ask("/note", { text: "a".repeat(1000) }));
  expect(await refusal(await other.handler(ask("/summarize", "a".repeat(400_000))))).toBe("200");
});

test("a table of which nothing is read may be as long as it likes", async () => {
  const { handler } = standIn({ plan: (text) => plan([text]), note: async () => ((clock.time += 10_000), note("noted")) }, { limits: { seconds: SECONDS } });
  await timed(handler);
  expect(await refusal(await handler(ask("/summarize", "a".repeat(400_000))))).toBe("200");
});

test("with peers it may be as much longer", async () => {
  const peers = Array.from({ length: 3 }, () => async () => Response.json(note("noted")));
  const { handler } = reader({ peers });
  await timed(handler);
  expect((await tooLarge(await handler(ask("/summarize", "a".repeat(410_000))))).most).toBe(360_000);
  await answered(await handler(ask("/summarize", "a".repeat(390_000))));
});

test("a run that turns out to take too long is ended, also by events", async () => {
  for (const headers of [{}, { Accept: "text/event-stream" }]) {
    const stopped = gate();
    const { handler } = standIn(
      {
        summarize: (_, __, signal, on_event) =>
          new Promise((_, reject) => {
            signal!.addEventListener("abort", () => (stopped.open(), reject(new Error("stopped"))));
            const read = (left_ms: number | null) => on_event({ type: "read", done: 1, total: 9, position: 0, tokens: 1, ms: 1, prompt: 0, left_ms });
            read(1e6);
            // Too early to tell, then unknown, then a little too late, which may be wrong.
            expect(signal!.aborted).toBe(false);
            clock.time += 10_000;
            read(null);
            read(110_000);
            expect(signal!.aborted).toBe(false);
            read(190_000);
          }),
      },
      { limits: { seconds: SECONDS } },
    );
    const response = await handler(ask("/summarize", "a".repeat(1000), headers));
    if ("Accept" in headers) {
      for await (const { event, data } of events(response)) if (event === "error") expect(data.code).toBe("document-too-large");
    } else {
      expect(await tooLarge(response)).toEqual({ message: expect.stringContaining("about 200 s"), most: 450 });
    }
    await stopped.promise;
  }
});

test("so are windows that are shared out", async () => {
  const { handler, seen } = reader({ peers: [() => new Promise(() => {})] });
  // Nobody knows any speed before the first window; then it is 150 s for both.
  expect((await tooLarge(await handler(ask("/summarize", "a".repeat(300_000))))).most).toBe(180_000);
  expect(seen).toEqual({ notes: 1, runs: 0 });
});

test("what is nearly done is not ended, however slow it has become", async () => {
  const times = [1000, 1000, 97_000];
  const { handler } = standIn(
    { plan: () => plan(["a", "b", "c"]), note: async () => ((clock.time += times.shift()!), note("noted")) },
    { peers: [async () => new Response(null, { status: 500 })], limits: { seconds: SECONDS } },
  );
  expect(await refusal(await handler(ask("/summarize", "text")))).toBe("200");
});
