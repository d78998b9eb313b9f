/** The real model within the 128 MB of an isolate, in workerd, which does not hold anybody to them: so the tests do. */
import { expect, test } from "@playwright/test";
import { healthOf } from "./edge/loopback.js";
import { answered, events, pkg, THOUSAND } from "./edge/service.js";
import { Worker } from "./edge/worker.js";
import { repository } from "./paths.js";
import models from "../../models/models.json" with { type: "json" };
import { readFileSync } from "node:fs";

/** What Cloudflare gives an isolate. */
const PRODUCTION = 128e6;
/** What the module may take for a document of one window. JavaScript's heap and buffers come on top: 2 MB, and the garbage that V8 has not collected. */
const LIMIT = 110e6;
/** What xtask/src/wasm.rs links the module with. */
const LARGEST = 110 * 2 ** 20;

test("a document of 1,000 tokens, and one of many windows, leave an isolate room", async () => {
  const worker = await Worker.start(`${repository}/models/${models[0]!.file}`);
  try {
    const post = async (body: string) => answered(await fetch(new URL("/summarize", worker.url), { method: "POST", body, headers: { "Content-Type": "text/plain" } }));
    const { report, summary } = await post(THOUSAND);
    expect(report.document.tokens).toBeGreaterThan(950);
    expect(report.plan.strategy).toBe("one-pass");
    const { memory_bytes } = await healthOf(worker.url);
    expect(memory_bytes).toBeLessThan(LIMIT);
    const heap = await worker.heapBytes();
    expect(memory_bytes + heap).toBeLessThan(PRODUCTION);
    const { load, prefill, first_token_ms, environment } = report;
    console.log(
      `workerd: ${(memory_bytes / 1e6).toFixed(1)} MB and JavaScript's ${(heap / 1e6).toFixed(1)} MB; loaded in ${load.prepare_ms?.toFixed(0)} ms; ` +
        `${prefill.tokens} tokens at ${prefill.tokens_per_second?.toFixed(0)}/s, first token after ${first_token_ms?.toFixed(0)} ms; the clock ${environment.clock}: ${summary}`,
    );
    // A longer document takes the most memory while it is planned and its first window is read. The other documents wait meanwhile.
    const leave = new AbortController();
    const long = () =>
      fetch(new URL("/summarize", worker.url), {
        method: "POST",
        body: THOUSAND.repeat(80),
        headers: { "Content-Type": "text/plain", Accept: "text/event-stream" },
        signal: leave.signal,
      });
    const nine = await Promise.all(Array.from({ length: 9 }, long));
    const admitted = nine.filter(({ ok }) => ok);
    expect(admitted.length).toBe(2);
    // Whichever is read first. Measured before its stream is left, which ends the reading.
    const noteOf = async (response: Response) => {
      for await (const { event } of events(response)) if (event === "note") return (await healthOf(worker.url)).memory_bytes + (await worker.heapBytes());
      throw new Error("no note was taken");
    };
    const second = await Promise.any(admitted.map(noteOf));
    leave.abort();
    expect(second).toBeLessThan(PRODUCTION);
    console.log(`workerd: ${(second / 1e6).toFixed(1)} MB while 450 kB are read in windows, and 450 kB wait`);
  } finally {
    await worker.stop();
  }
});

for (const build of ["relaxed", "simd"]) {
  test(`the module's memory grows no further than it may, ${build}`, async () => {
    const { instantiate } = (await import(`${pkg}/edge/wasm/simd/instance.js`)) as typeof import("../src/edge/wasm/simd/instance.js");
    const bytes = readFileSync(`${pkg}/edge/precis-${build}.wasm`);
    expect(declaredMemory(bytes)).toBe(LARGEST);
    if (build === "relaxed") return;
    const { memory } = instantiate(new WebAssembly.Module(bytes), () => undefined);
    const pages = (LARGEST - memory.buffer.byteLength) / 65536;
    expect(memory.grow(pages) * 65536 + pages * 65536).toBe(LARGEST);
    expect(() => memory.grow(1)).toThrow(RangeError);
  });
}

/** The largest size in a module's memory section, in bytes. */
function declaredMemory(module: Uint8Array): number {
  let at = 8;
  const leb = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = module[at++]!;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  for (;;) {
    const id = module[at++];
    const size = leb();
    if (id !== 5) {
      at += size;
      continue;
    }
    expect(leb(), "one memory").toBe(1);
    expect(leb(), "with a largest size").toBe(1);
    leb();
    return leb() * 65536;
  }
}
