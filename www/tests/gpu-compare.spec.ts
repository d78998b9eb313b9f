/** The comparison page where there is a GPU. */
import type {} from "../src/ui/window.js";
import { expect, test } from "./compare.js";

test("a GPU is measured beside the processor", async ({ page, compare }) => {
  test.setTimeout(300_000);
  await compare.open();
  await page.getByRole("checkbox", { name: "Automatic" }).uncheck();
  await page.getByRole("checkbox", { name: "relaxed SIMD, 1 thread" }).check();
  await page.getByRole("checkbox", { name: "GPU (WebGPU)" }).check();
  await compare.measure.click();
  await expect(compare.state).toHaveText("Done", { timeout: 240_000 });
  const { configurations, invalid } = (await page.evaluate(() => window.precis.card))!;
  // SwiftShader has no 16-bit floats.
  expect(configurations.map(({ backend }) => backend.kind)).toEqual(["wasm-relaxed-simd", "webgpu", "webgpu"]);
  expect(configurations.slice(1).map(({ backend }) => backend.features)).toEqual([["products in f32"], ["products in int8"]]);
  const gpu = configurations[1]!;
  expect(gpu.backend.adapter).not.toBeNull();
  expect(gpu.prefill[0]!.tokens_per_second.median).toBeGreaterThan(0);
  expect(gpu.memory.gpu_bytes).toBeGreaterThan(0);
  expect(gpu.load.pipelines_ms).toBeGreaterThan(0);
  expect(invalid).toEqual([]);
  await expect(compare.result.getByRole("table", { name: "Figures" }).getByRole("row", { name: "Compiling GPU pipelines" })).toHaveText(/—.*\d/);
});
