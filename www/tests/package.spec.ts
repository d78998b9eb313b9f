/** The npm package as it is built, on a page of somebody else. */
import { readFileSync } from "node:fs";
import { least } from "./least.js";
import { type Bench, expect, test } from "./package.js";
import { repository, tinyModel } from "./paths.js";
import { file, stall, TINY, whole } from "./site.js";

const TEXT = "Bees visit flowers to collect nectar and pollen, and fertilize plants on their way. ".repeat(6);

test("create reports its progress as the web's Summarizer does", async ({ bench }) => {
  const { value } = (await bench.call(async ({ Summarizer }, model) => {
    const seen: [string, number, number][] = [];
    let property = 0;
    const summarizer = await Summarizer.create({
      model,
      monitor(monitor) {
        if (!(monitor instanceof EventTarget)) throw new Error("no EventTarget");
        monitor.ondownloadprogress = () => property++;
        for (const type of ["downloadprogress", "prepareprogress"] as const) monitor.addEventListener(type, (event) => seen.push([event.type, event.loaded, event.total]));
      },
    });
    return { seen, property, quota: summarizer.inputQuota === 10_000_000, report: summarizer.report };
  }, TINY)) as { value: { seen: [string, number, number][]; property: number; quota: boolean; report: unknown } };
  const loaded = (type: string) => value.seen.filter((event) => event[0] === type).map((event) => event[1]);
  expect(loaded("downloadprogress").at(0)).toBe(0);
  expect(loaded("downloadprogress").at(-1)).toBe(1);
  expect(loaded("prepareprogress").at(-1)).toBe(1);
  expect(value.seen.every(([, , total]) => total === 1)).toBe(true);
  expect(value.property).toBe(loaded("downloadprogress").length);
  expect([value.quota, value.report]).toEqual([true, null]);
});

test("summarize, its events, and the report", async ({ bench }) => {
  await bench.create();
  const { value } = (await bench.call(async (_, text) => {
    const events: string[] = [];
    let streamed = "";
    const summary = await window.summarizer.summarize(text, {
      max_tokens: 12,
      onprogress: (event) => {
        events.push(event.type);
        if (event.type === "piece") streamed += event.text;
      },
    });
    return { summary, streamed, events, report: window.summarizer.report, usage: await window.summarizer.measureInputUsage(text) };
  }, TEXT)) as { value: { summary: string; streamed: string; events: string[]; report: import("../src/package/api/index.js").Report; usage: number } };
  expect(value.report.summary).toBe(value.summary);
  expect(value.streamed.trim()).toBe(value.summary.trim());
  expect(value.events[0]).toBe("planned");
  expect(new Set(value.events)).toEqual(new Set(["planned", "stage", "read", "piece"]));
  expect(value.report.model).toMatchObject({ id: "tiny", sha256: TINY.sha256 });
  expect(value.report.document.tokens).toBe(value.usage);
  // This site sends no COOP and COEP.
  expect(value.report.environment).toMatchObject({ cross_origin_isolated: false, hidden_during_run: false });
  expect(value.report.absent).not.toHaveProperty(["environment.hidden_during_run"]);
});

// Not the same summary: the builds round differently, and with random weights every choice is a close one.
// Rust tests hold both to golden logits.
test("both builds of the engine summarize", async ({ bench }) => {
  for (const backend of ["wasm-simd", "wasm-relaxed-simd"]) {
    expect(await bench.create({ backend })).toMatchObject({ value: { backend } });
    const outcome = await bench.call(async (_, text) => {
      const summary = await window.summarizer.summarize(text, { max_tokens: 24 });
      return { summary, kind: window.summarizer.report?.backend.kind };
    }, TEXT);
    expect(outcome).toMatchObject({ value: { summary: expect.stringMatching(/./u), kind: backend } });
  }
});

for (const native of [true, false]) {
  test(`the stream can be iterated ${native ? "" : "where streams have no iterator"}, left early, and read`, async ({ bench, page }) => {
    if (!native) await page.evaluate(() => Reflect.deleteProperty(ReadableStream.prototype, Symbol.asyncIterator));
    await bench.create();
    const { value } = (await bench.call(async (_, text) => {
      const options = { max_tokens: 12 };
      let iterated = "";
      for await (const piece of window.summarizer.summarizeStreaming(text, options)) iterated += piece;
      const whole = window.summarizer.report!.summary;
      let early = "";
      for await (const piece of window.summarizer.summarizeStreaming(text, options)) {
        early = piece;
        break;
      }
      const reader = window.summarizer.summarizeStreaming(text, options).getReader();
      let read = "";
      for (let step = await reader.read(); !step.done; step = await reader.read()) read += step.value;
      return { whole, iterated, early, read };
    }, TEXT)) as { value: Record<"whole" | "iterated" | "early" | "read", string> };
    expect(value.iterated.trim()).toBe(value.whole.trim());
    expect(value.read).toBe(value.iterated);
    expect(value.iterated.startsWith(value.early)).toBe(true);
    expect(value.early).not.toBe("");
  });
}

test("a signal stops a run within 250 ms, and the engine is free for the next", { tag: "@timed" }, async ({ bench }) => {
  await bench.create();
  const run = async () => (await bench.call(async (_, text) => {
    const stop = new AbortController();
    let aborted = 0;
    let reads = 0;
    const onprogress = ({ type }: { type: string }) => {
      if (type !== "read" || ++reads !== 2) return;
      aborted = performance.now();
      stop.abort();
    };
    const code = await window.summarizer.summarize(LONG, { signal: stop.signal, onprogress }).then(
      () => "no error",
      (error) => `${error.name} ${error.code}`,
    );
    const stopped = performance.now() - aborted;
    // Answered by the same worker, after whatever it still did.
    await window.summarizer.measureInputUsage("a");
    const free = performance.now() - aborted;
    return { code, stopped, free, next: await window.summarizer.summarize(text, { max_tokens: 4 }) };
  }, TEXT)) as { value: { code: string; stopped: number; free: number; next: string } };
  const stopped = async () => {
    const { code, stopped, free } = (await run()).value;
    expect(code).toBe("AbortError 20");
    // The engine is free a little later.
    return Math.max(stopped, free - 50);
  };
  expect(await least(250, stopped)).toBeLessThan(250);
});

test("a call that waits its turn can be cancelled at once", async ({ bench }) => {
  await bench.create();
  const outcome = await bench.call(async (_, text) => {
    const first = new AbortController();
    const running = window.summarizer.summarize(LONG, { signal: first.signal }).catch((error) => error.name);
    const second = AbortSignal.timeout(50);
    const waiting = await window.summarizer.measureInputUsage(text, { signal: second }).then(String, (error) => error.name);
    const before = AbortSignal.abort();
    const never = await window.summarizer.summarize(text, { signal: before }).catch((error) => error.name);
    first.abort();
    return [waiting, never, await running];
  }, TEXT);
  expect(outcome).toEqual({ value: ["TimeoutError", "AbortError", "AbortError"] });
});

test("a signal stops the download, which goes on from there next time", async ({ bench, site }) => {
  site.behaviour = stall;
  const outcome = await bench.call(async ({ Summarizer }, model) => {
    const stop = new AbortController();
    await Summarizer.create({
      model,
      signal: stop.signal,
      monitor: (monitor) => monitor.addEventListener("downloadprogress", ({ loaded }) => loaded >= 0.5 && stop.abort()),
    });
  }, TINY);
  expect(outcome).toMatchObject({ name: "AbortError" });
  const half = TINY.bytes >> 1;
  expect(await bench.stored()).toEqual({ [`${TINY.sha256}.gguf.part`]: half });
  site.behaviour = whole;
  expect(await bench.create()).toHaveProperty("value");
  expect(site.asked).toEqual([0, half]);
});

test("a worker that dies rejects what it owes, and the next call starts another", async ({ bench, page, site }) => {
  await bench.create();
  const [worker] = page.workers();
  // One that died before it was called would owe nothing.
  const crashed = bench.call(() => window.summarizer.summarize(LONG, { onprogress: () => (document.title = "reading") }), null);
  await page.waitForFunction(() => document.title === "reading");
  await worker!.evaluate(() => void setTimeout(() => { throw new Error("planted"); }));
  expect(await crashed).toMatchObject({ code: "worker-crashed", message: expect.stringContaining("planted") });
  expect(await bench.call((_, text) => window.summarizer.summarize(text, { max_tokens: 4 }), TEXT)).toHaveProperty("value");
  expect(page.workers().length).toBe(1);
  // The new worker found the model in the store.
  expect(site.asked).toEqual([0]);
});

test("a trap in the engine counts as a crash, and the next call gets a sound engine", async ({ bench, site }) => {
  const script = readFileSync(`${repository}/www/pkg/assets/precis-worker.js`, "utf8");
  const body = script.replaceAll("count_tokens(text) {", 'count_tokens(text) { throw new WebAssembly.RuntimeError("unreachable");');
  expect(body).not.toBe(script);
  site.altered.set("/pkg/assets/precis-worker.js", { type: "text/javascript", body });
  await bench.create();
  site.altered.clear();
  expect(await bench.call(() => window.summarizer.measureInputUsage("text"), null)).toMatchObject({ code: "worker-crashed", message: expect.stringContaining("unreachable") });
  expect(await bench.call(() => window.summarizer.measureInputUsage("text"), null)).toHaveProperty("value");
});

const summarized = (bench: Bench) =>
  bench.call(async (_, text) => {
    const summary = await window.summarizer.summarize(text.repeat(9), { max_tokens: 24 });
    return { summary, backend: window.summarizer.report!.backend };
  }, TEXT);

test("without isolation there is one thread, and the report says why", async ({ bench }) => {
  await bench.create({ threads: 2 });
  expect(await summarized(bench)).toMatchObject({ value: { backend: { threads: 1, reason: expect.stringContaining("not isolated") } } });
});

test.describe("on an isolated page", () => {
  test.use({ isolated: true });

  test("threads: as many as asked for, and they change nothing but the time", async ({ bench }) => {
    const runs = [];
    for (const threads of [1, 2]) {
      expect(await bench.create({ threads })).toMatchObject({ value: { backend: "wasm-relaxed-simd", threads } });
      runs.push(((await summarized(bench)) as { value: { summary: string; backend: object } }).value);
    }
    expect(runs[0]!.backend).toMatchObject({ threads: 1, reason: expect.stringMatching(/^one thread was asked for/) });
    expect(runs[1]!.backend).toMatchObject({ threads: 2, reason: expect.stringContaining("a thread for each processor") });
    expect(runs[1]!.summary).toBe(runs[0]!.summary);
  });

  test("threads that can't be started are done without", async ({ bench, site }) => {
    site.altered.set("/pkg/assets/precis-thread.js", { type: "text/javascript", body: "throw new Error('planted');" });
    await bench.open();
    expect(await bench.create()).toMatchObject({ value: { threads: 1 } });
    expect(await summarized(bench)).toMatchObject({ value: { backend: { threads: 1, reason: expect.stringContaining("planted") } } });
  });

  test("a thread that fails ends its worker at once, says so, and the next run has a sound engine", async ({ bench, site }) => {
    // In the threads, and nowhere else, every relaxed dot product becomes `unreachable; nop; nop`.
    const trapping = Buffer.from(readFileSync(`${repository}/www/pkg/assets/precis-relaxed.wasm`));
    let planted = 0;
    for (const dot of [[0xfd, 0x92, 0x02], [0xfd, 0x93, 0x02]]) {
      for (let at = trapping.indexOf(Buffer.from(dot)); at >= 0; at = trapping.indexOf(Buffer.from(dot), at)) {
        trapping.set([0x00, 0x01, 0x01], at);
        planted++;
      }
    }
    expect(planted).toBeGreaterThan(8);
    const thread = readFileSync(`${repository}/www/pkg/assets/precis-thread.js`, "utf8");
    const body = thread.replace("module_or_path: module", 'module_or_path: fetch("/trapping.wasm")');
    expect(body).not.toBe(thread);
    site.altered.set("/trapping.wasm", { type: "application/wasm", body: trapping });
    site.altered.set("/pkg/assets/precis-thread.js", { type: "text/javascript", body });
    expect(await bench.create({ threads: 2 })).toMatchObject({ value: { threads: 2 } });
    expect(await summarized(bench)).toMatchObject({ code: "worker-crashed", message: expect.stringMatching(/a thread failed: .*unreachable/) });
    site.altered.clear();
    expect(await summarized(bench)).toMatchObject({ value: { backend: { threads: 2 } } });
  });
});

test("a worker that does not stop when asked to is ended", async ({ bench, page }) => {
  await bench.create();
  const [worker] = page.workers();
  await worker!.evaluate(() => addEventListener("message", ({ data }) => { while (data.call === "cancel"); }));
  const stuck = bench.call(async () => {
    const stop = new AbortController();
    return window.summarizer.summarize(LONG, { signal: stop.signal, onprogress: () => stop.abort() });
  }, null);
  expect(await stuck).toMatchObject({ name: "AbortError" });
  expect(page.workers()).toContain(worker);
  expect(await bench.call((_, text) => window.summarizer.measureInputUsage(text), TEXT)).toHaveProperty("value");
  await expect.poll(() => page.workers()).not.toContain(worker);
});

test("a destroyed Summarizer ends its worker and says so", async ({ bench, page }) => {
  await bench.create();
  const outcome = await bench.call(async (_, text) => {
    const running = window.summarizer.summarize(LONG).catch((error) => error.code);
    window.summarizer.destroy();
    window.summarizer.destroy();
    return [await running, await window.summarizer.summarize(text).catch((error) => error.code)];
  }, TEXT);
  expect(outcome).toEqual({ value: ["destroyed", "destroyed"] });
  await expect.poll(() => page.workers().length).toBe(0);
});

test("files that are not a model each have their code", async ({ bench, site }) => {
  const bytes = readFileSync(tinyModel);
  const cases: [Uint8Array, string][] = [
    [bytes.subarray(0, 40_000), "model-truncated"],
    [new TextEncoder().encode("Not a model, whatever the name says."), "model-not-gguf"],
    [new Uint8Array(0), "model-truncated"],
  ];
  for (const [content, code] of cases) {
    site.behaviour = file(content);
    // By its address alone a file is not verified, so it reaches the engine.
    expect(await bench.create({ model: "models/tiny.gguf" })).toMatchObject({ code });
  }
  site.behaviour = file(bytes);
  expect(await bench.create({ model: "models/tiny.gguf" })).toMatchObject({ value: { storage: "memory", sha256: TINY.sha256 } });
  expect(await bench.stored()).toEqual({});
});

test("options are checked before anything is fetched", async ({ bench, site }) => {
  const bad = [{ model: {} }, { model: 5 }, { backend: "webgl" }, { threads: 0 }, { threads: 1.5 }, { wording: "mine" }, { model: { ...TINY, sha256: "x" } }];
  for (const options of bad) expect(await bench.create(options as never)).toMatchObject({ code: "invalid-options", name: "PrecisError" });
  expect(site.asked).toEqual([]);
  await bench.create({ threads: 4 });
  expect(await bench.call((_, text) => window.summarizer.summarize(text, { max_tokens: 0 }), TEXT)).toMatchObject({ code: "invalid-options" });
  for (const options of [{ wording: "mine" }, { kind: "poem" }]) {
    expect(await bench.call((_, { text, options }) => window.summarizer.summarize(text, options as never), { text: TEXT, options })).toMatchObject({ code: "invalid-options", message: expect.stringContaining("it must be one of") });
  }
});

test("the package is complete", () => {
  const pkg = `${repository}/www/pkg`;
  const { name, version, exports } = JSON.parse(readFileSync(`${pkg}/package.json`, "utf8"));
  expect(name).toBe("precis");
  expect(readFileSync(`${repository}/Cargo.toml`, "utf8")).toContain(`\nversion = "${version}"\n`);
  for (const path of [exports["."].types, exports["."].default, exports["./models.json"], "README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"]) expect(readFileSync(`${pkg}/${path}`, "utf8")).not.toBe("");
  expect(JSON.parse(readFileSync(`${pkg}/models.json`, "utf8"))).toEqual(JSON.parse(readFileSync(`${repository}/models/models.json`, "utf8")));
});
