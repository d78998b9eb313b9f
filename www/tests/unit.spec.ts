/** What needs no browser: pure functions of the package and the page. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "@playwright/test";
import { compose } from "../src/ui/compose-benchmark.js";
import { clock, compact, duration, measured, megabytes, tokens, whole } from "../src/ui/format.js";
import { Meter } from "../src/ui/meter.js";
import { cards, reasonAt, valueAt } from "../src/summarize/report-fields.js";
import { MAX_DOCUMENT } from "../src/package/definitions.js";
import { withoutHiddenRuns } from "../src/formats/docx-hidden.js";
import { decodeText, readTextFile } from "../src/formats/plain-text.js";
import { type Backend, BACKENDS, type Capabilities, computeOf, pickBuild } from "../src/package/api/build.js";
import { PrecisError, toPrecisError } from "../src/package/api/errors.js";
import { modelRequest } from "../src/package/api/model.js";
import { Rate } from "../src/package/models/rate.js";
import { gaps, shared, withSpan } from "../src/package/models/spans.js";
import { repository } from "./paths.js";

const code = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return error instanceof PrecisError ? error.code : `not a PrecisError: ${String(error)}`;
  }
  return "no error";
};

test("the benchmark is composed byte for byte", () => {
  const article = readFileSync(`${repository}/tests/fixtures/article.md`, "utf8");
  const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
  expect(sha256(compose(article, 8))).toBe("d21950e9cb1b8e6292a4bad0e287ca59d1c7af11c661c5de561080fa179b8982");
  expect(compose(article, 2)).toContain("\n## Iteration 2 of 2\n\n# Large Context");
  expect(compose(article, 2)).not.toContain("Iteration 3");
});

test("hidden runs of a Word document are left out", () => {
  const run = (text: string, properties = "") => `<w:r>${properties && `<w:rPr>${properties}</w:rPr>`}<w:t>${text}</w:t></w:r>`;
  const read = (xml: string) => withoutHiddenRuns(`<w:document>${xml}</w:document>`).slice(12, -13);
  const [a, b] = [run("a", "<w:b/>"), run("b")];
  expect(read(a + run("no", "<w:vanish/>") + b)).toBe(a + b);
  expect(read(a + run("no", '<w:webHidden w:val="true"></w:webHidden>'))).toBe(a);
  expect(read(run("no", "<w:vanish/>").replaceAll("w:", "x:"))).toBe("");
  const shown = run("c", '<w:vanish w:val="0"/>') + run("vanish") + `<w:p><w:pPr><w:rPr><w:vanish/></w:rPr></w:pPr>${a}</w:p>`;
  expect(read(shown)).toBe(shown);
  const box = (text: string) => `<w:r><w:rPr><w:vanish/></w:rPr><w:txbxContent><w:p>${text}</w:p></w:txbxContent></w:r>`;
  expect(read(a + box(run("no", "<w:vanish/>") + b + run("no", "<w:vanish/>")) + b)).toBe(a + b);
});

test("every combination of browser, page, device and choice has its build and threads", () => {
  const all = { simd: true, relaxed: true, isolated: true, cores: 8 };
  const pick = (lacks: Partial<Capabilities>, backend: Backend, threads?: number): string => {
    let choice = "";
    const failure = code(() => {
      const { build, threads: count, reason } = pickBuild({ ...all, ...lacks }, backend, threads);
      choice = `${build} ${count}: ${reason}`;
    });
    return choice || failure;
  };
  for (const backend of ["auto", "webgpu", "cpu", "wasm-relaxed-simd"] as const) {
    expect(pick({}, backend)).toMatch(/^relaxed 8: the fastest build, and a thread for each processor$/);
    expect(pick({}, backend, 3)).toMatch(/^relaxed 3: .*as far as asked for/);
    expect(pick({}, backend, 100)).toMatch(/^relaxed 8: /);
    expect(pick({ cores: 64 }, backend)).toMatch(/^relaxed 16: .*useful/);
    expect(pick({}, backend, 1)).toMatch(/^relaxed 1: one thread was asked for/);
    expect(pick({ cores: 1 }, backend, 4)).toMatch(/^relaxed 1: this device has one processor/);
    expect(pick({ isolated: false }, backend, 4)).toMatch(/^relaxed 1: the page is not isolated/);
  }
  for (const threads of [undefined, 1, 4]) {
    for (const isolated of [true, false]) {
      for (const backend of ["auto", "webgpu", "cpu"] as const) {
        expect(pick({ relaxed: false, isolated }, backend, threads)).toMatch(/^simd 1: .*no relaxed SIMD/);
      }
      expect(pick({ relaxed: false, isolated }, "wasm-relaxed-simd", threads)).toBe("simd-unsupported");
      for (const relaxed of [true, false]) {
        expect(pick({ relaxed, isolated }, "wasm-simd", threads)).toMatch(/^simd 1: asked for/);
        for (const backend of BACKENDS) expect(pick({ simd: false, relaxed, isolated }, backend, threads)).toBe("simd-unsupported");
      }
    }
  }
  expect(() => pickBuild({ ...all, simd: false }, "auto")).toThrow(/use Chrome or Edge 91, Firefox 89, Safari 16.4/);
});

test("who names a build wants the processor", () => {
  expect(BACKENDS.map(computeOf)).toEqual(["auto", "webgpu", "cpu", "cpu", "cpu"]);
});

test("a model's addresses: beside the page first, then the catalogue's", () => {
  const sha256 = "a".repeat(64);
  const model = { id: "m", file: "m 1.gguf", bytes: 5, sha256, sources: [{ kind: "pip" }, { kind: "url", url: "https://example.org/m.gguf" }] };
  const plain = { file: null, name: null, prompt: null, licence: null };
  expect(modelRequest(model, "https://host.example/site/index.html")).toEqual({
    ...plain,
    id: "m",
    urls: ["https://host.example/site/models/m%201.gguf", "https://example.org/m.gguf"],
    expected: { bytes: 5, sha256 },
    keep: true,
  });
  const address = { ...plain, name: "x.gguf", urls: ["https://host.example/site/models/x.gguf"], expected: null };
  expect(modelRequest("models/x.gguf", "https://host.example/site/")).toEqual({ ...address, id: "x.gguf", keep: false });
  expect(modelRequest("models/x.gguf", "https://host.example/site/", { keep: true })).toEqual({ ...address, id: address.urls[0], keep: true });
  const file = new File(["x"], "own.gguf");
  expect(modelRequest(file, "https://host.example/")).toEqual({ ...plain, id: "own.gguf", name: "own.gguf", file, urls: [], expected: null, keep: false });
  // One that was opened from disk and kept has no address.
  expect(modelRequest({ id: "m", bytes: 5, sha256 }, "https://host.example/")).toMatchObject({ urls: [], expected: { bytes: 5, sha256 } });
  // Without a hash the size is only for people.
  expect(modelRequest({ id: "m", file: "m", bytes: 5 }, "https://host.example/")).toMatchObject({ expected: null, keep: true });
  const bad = [{ id: "m" }, { id: "m", file: "m", sha256 }, { id: "m", file: "m", bytes: -1, sha256 }, { id: "m", file: "m", bytes: 5, sha256: "xyz" }, { ...model, prompt: "poem" }, "https://", undefined];
  for (const model of bad) expect(code(() => modelRequest(model as string, "https://host.example/"))).toBe("invalid-options");
});

test("a licence that asks for it has to be accepted", () => {
  const model = { id: "m", file: "m", licence: "Gemma", terms: "https://example.org/terms", accept: true };
  const licence = (options?: { acceptLicence: boolean }) => modelRequest(model, "https://host.example/", options).licence;
  expect([licence(), licence({ acceptLicence: false }), licence({ acceptLicence: true })]).toEqual(["Gemma (https://example.org/terms)", "Gemma (https://example.org/terms)", null]);
});

test("spans join, leave gaps, and are shared among connections", () => {
  const span = (start: number, end: number) => ({ start, end });
  const spans = [span(0, 10), span(20, 30), span(40, 50)].reduce(withSpan, []);
  expect(withSpan(spans, span(10, 20))).toEqual([span(0, 30), span(40, 50)]);
  expect(withSpan(spans, span(5, 45))).toEqual([span(0, 50)]);
  expect(withSpan(spans, span(12, 15))).toEqual([span(0, 10), span(12, 15), span(20, 30), span(40, 50)]);
  expect(gaps(spans, 60)).toEqual([span(10, 20), span(30, 40), span(50, 60)]);
  expect([gaps([], 5), gaps([span(0, 5)], 5), gaps([span(2, 5)], 5)]).toEqual([[span(0, 5)], [], [span(0, 2)]]);
  expect(shared([span(0, 100)], 4, 10)).toEqual([span(0, 25), span(25, 50), span(50, 75), span(75, 100)]);
  expect(shared([span(0, 100)], 4, 40)).toEqual([span(0, 50), span(50, 100)]);
  expect(shared([span(0, 10), span(50, 90)], 3, 10)).toEqual([span(0, 10), span(50, 70), span(70, 90)]);
  expect([shared([span(0, 5)], 4, 10), shared([], 4, 10)]).toEqual([[span(0, 5)], []]);
});

test("a download's rate is of the last seconds", () => {
  const rate = new Rate();
  expect([rate.bytesPerSecond, rate.secondsLeft(100)]).toEqual([null, null]);
  rate.note(1000, 0);
  expect(rate.bytesPerSecond).toBeNull();
  rate.note(2000, 1000);
  expect([rate.bytesPerSecond, rate.secondsLeft(4000), rate.secondsLeft(null)]).toEqual([1000, 2, null]);
  // What was slow at first is forgotten.
  for (let second = 2; second <= 12; second++) rate.note(second * 5000, second * 1000);
  expect(rate.bytesPerSecond).toBe(5000);
  expect(rate.secondsLeft(50_000)).toBe(0);
});

test("errors keep the engine's code; a cancelled call has the web's name", () => {
  expect(toPrecisError(Object.assign(new Error("too long"), { code: "prompt-too-long" }))).toMatchObject({ code: "prompt-too-long", message: "too long", name: "PrecisError" });
  expect(toPrecisError(new DOMException("stop", "AbortError"))).toMatchObject({ code: "cancelled", name: "AbortError" });
  expect(toPrecisError("what")).toMatchObject({ code: "internal" });
});

test("text is told from what is none, in the encodings that people have", async () => {
  const bytes = (...values: number[]) => Uint8Array.from(values);
  expect(decodeText(new TextEncoder().encode("\ufeffnaïve 🦀\r\n"))).toBe("naïve 🦀\r\n");
  expect(code(() => decodeText(bytes(...Array.from({ length: 999 }, (_, i) => (i * 89) % 256))))).toBe("document-not-text");
  const german = "Grüße aus Köln: die Bienen fliegen über die Wiesen.";
  const latin = bytes(...[...german].map((c) => c.charCodeAt(0)));
  const wide = (swap: boolean, mark: boolean) => bytes(...[...(mark ? "\ufeff" : "") + german].flatMap((c) => (swap ? [c.charCodeAt(0) >> 8, c.charCodeAt(0) & 255] : [c.charCodeAt(0) & 255, c.charCodeAt(0) >> 8])));
  for (const file of [latin, wide(false, false), wide(false, true), wide(true, false), wide(true, true)]) expect(decodeText(file)).toBe(german);
  const page = bytes(...new TextEncoder().encode('<meta charset="koi8-r"><p>'), 0xf0, 0xd2, 0xc9, 0xd7, 0xc5, 0xd4);
  expect(decodeText(page)).toContain("Привет");
  expect((await readTextFile(new Blob(["a".repeat(MAX_DOCUMENT)]))).length).toBe(MAX_DOCUMENT);
  await expect(readTextFile(new Blob(["a".repeat(MAX_DOCUMENT + 1)]))).rejects.toMatchObject({ code: "document-too-large" });
});

test("the meter's speed is of the last second", () => {
  const meter = new Meter();
  expect([meter.speed, meter.leftMs()]).toEqual([null, null]);
  meter.plan(3000, 0);
  const read = (done: number, tokens: number, ms: number | null, left_ms: number | null, now: number) =>
    meter.record({ type: "read", done, total: 3000, position: 0, tokens, ms, prompt: 0, left_ms }, now);
  read(1000, 1000, 5000, 5000, 5000);
  expect([meter.speed, meter.leftMs(5000), meter.share]).toEqual([200, 5000, 0.5]);
  // It goes down while nothing is read.
  expect([meter.leftMs(6500), meter.leftMs(20_000)]).toEqual([3500, 0]);
  // The last chunk alone fills the second.
  read(1500, 500, 1000, 6000, 6000);
  expect([meter.speed, meter.leftMs(6000), meter.share]).toEqual([500, 6000, 0.5]);
  read(2400, 900, null, null, 7000);
  expect([meter.done, meter.speed, meter.leftMs(7000), meter.share]).toEqual([2400, 500, null, 0.8]);
  read(3100, 700, 1000, 0, 8000);
  expect([meter.total, meter.leftMs(8000), meter.share]).toEqual([3100, 0, 1]);
});

test("figures are written as a reader would", () => {
  expect([whole(44979), compact(134_515_008), measured(312.4), measured(87.44), measured(0.5234)]).toEqual(["44,979", "135M", "312", "87.4", "0.52"]);
  expect([duration(0.42), duration(412.4), duration(1234), duration(45_678), duration(754_000)]).toEqual(["0.4 ms", "412 ms", "1.23 s", "45.7 s", "12:34"]);
  expect([clock(5000), clock(751_000), megabytes(98_362_432), megabytes(88_128)]).toEqual(["0:05", "12:31", "98 MB", "0.1 MB"]);
  expect([tokens(1), tokens(0), tokens(1200)]).toEqual(["1 token", "0 tokens", "1,200 tokens"]);
});

test("the report says how a document was read in plain words", () => {
  const show = cards().flatMap(({ fields }) => fields).find(({ path }) => path === "plan.strategy")!.show as (strategy: string) => string;
  expect(["one-pass", "windows", "passages", "as-is", "another"].map(show)).toEqual(["in one pass", "in windows", "the passages that match the question", "not read: too short to summarize", "another"]);
});

test("the reason of a missing figure is found under its path or its parent's", () => {
  const report = { peak: null, load: { read_ms: 5 }, absent: { peak: "no clock" } } as never;
  expect(valueAt(report, "load.read_ms")).toBe(5);
  expect(valueAt(report, "peak.gemm_gmacs")).toBeUndefined();
  expect(reasonAt(report, "peak.gemm_gmacs")).toBe("no clock");
  expect(reasonAt(report, "load.prepare_ms")).toBe("not measured");
  const paths = cards().flatMap(({ fields }) => fields.map(({ path }) => path));
  expect(new Set(paths).size).toBe(paths.length);
});
