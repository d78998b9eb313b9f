/** The npm package on a GPU. */
import type { LoadedModel, Report } from "../src/package/api/index.js";
import { inWorker, losing } from "./faults.js";
import { expect, test } from "./package.js";

const TEXT = "Bees visit flowers to collect nectar and pollen, and fertilize plants on their way. ".repeat(6);

const onGpu = { value: expect.objectContaining({ backend: "webgpu", threads: 1, adapter: "google swiftshader", reason: "asked for" }) };

test('the backend "webgpu" computes on the GPU what "cpu" computes', async ({ bench }) => {
  const run = async (backend: string) => {
    await bench.create({ backend });
    const outcome = await bench.call(async (_, text) => {
      const summary = await window.summarizer.summarize(text, { max_tokens: 12 });
      return { summary, model: window.summarizer.model, report: window.summarizer.report! };
    }, TEXT);
    return (outcome as { value: { summary: string; model: LoadedModel; report: Report } }).value;
  };
  const [cpu, gpu] = [await run("cpu"), await run("webgpu")];
  expect(cpu.report.backend).toMatchObject({ kind: "wasm-relaxed-simd", adapter: null });
  expect(gpu.report.backend).toMatchObject({ kind: "webgpu", threads: 1, adapter: "google swiftshader" });
  expect({ value: gpu.model }).toEqual(onGpu);
  // With random weights choices are close ones, and the processor rounds to 8 bits: more of them would differ.
  expect(gpu.summary).toBe(cpu.summary);
  expect(gpu.report.prefill.tokens).toBe(cpu.report.prefill.tokens);
});

for (const backend of ["cpu", "wasm-simd", "wasm-relaxed-simd"]) {
  test(`the backend "${backend}" asks for no GPU`, async ({ bench, page }) => {
    await inWorker(page, `GPU.prototype.requestAdapter = () => { throw new Error("asked"); };`);
    const kind = backend === "cpu" ? "wasm-relaxed-simd" : backend;
    expect(await bench.create({ backend })).toMatchObject({ value: { backend: kind, adapter: null } });
  });
}

test("20 runs take no more of the GPU's memory than two", async ({ bench }) => {
  await bench.create({ backend: "webgpu" });
  const { value } = (await bench.call(async (_, text) => {
    const bytes: (number | null)[] = [];
    for (let run = 0; run < 20; run++) {
      await window.summarizer.summarize(text, { max_tokens: 8, chunk: 32 });
      bytes.push(window.summarizer.report!.memory.gpu_bytes);
    }
    return bytes;
  }, TEXT)) as { value: number[] };
  expect(value[1]).toBeGreaterThan(0);
  expect(Math.max(...value)).toBe(value[1]);
});

test("a stream goes on after a loss before its first piece", async ({ bench, page }) => {
  await inWorker(page, losing(1, "read"));
  expect(await bench.create({ backend: "webgpu" })).toEqual(onGpu);
  const { value } = (await bench.call(async (_, text) => {
    const events: string[] = [];
    let streamed = "";
    const options = { max_tokens: 12, onprogress: ({ type }: { type: string }) => events.push(type) };
    for await (const piece of window.summarizer.summarizeStreaming(text.repeat(5), options)) streamed += piece;
    return { streamed, events, report: window.summarizer.report! };
  }, TEXT)) as { value: { streamed: string; events: string[]; report: Report } };
  expect(value.events.filter((type) => type === "restarted")).toEqual(["restarted"]);
  expect(value.streamed.trim()).toBe(value.report.summary.trim());
  expect(value.report.backend).toMatchObject({ kind: "webgpu", reason: expect.stringContaining("restarted") });
});

test("a stream can't take back what it gave, a summary can", async ({ bench, page }) => {
  await inWorker(page, losing(1, "piece"));
  // What a model writes to an order comes token by token; quotations come at once.
  const options = { max_tokens: 64, wording: "own" as const, instruction: "Tell it as a story." };
  for (const streaming of [true, false]) {
    await bench.open();
    expect(await bench.create({ backend: "webgpu" })).toEqual(onGpu);
    const outcome = await bench.call(
      async (_, { text, options, streaming }) => {
        const code = await (async () => {
          if (!streaming) return await window.summarizer.summarize(text, options);
          for await (const _ of window.summarizer.summarizeStreaming(text, options));
          return "no error";
        })().then(() => "no error", (error) => `${error.code}`);
        await window.summarizer.summarize(text, options);
        return [code, window.summarizer.report!.backend.kind, window.summarizer.model.backend];
      },
      { text: TEXT, options, streaming },
    );
    expect(outcome).toEqual({ value: [streaming ? "gpu-lost" : "no error", "webgpu", "webgpu"] });
  }
});
