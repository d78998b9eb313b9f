/** Large models: several connections at once, what is kept of them, files from disk, licences, and what is said before a body is fetched. */
import { readFileSync } from "node:fs";
import { inWorker } from "./faults.js";
import { beginning, UNSUPPORTED } from "./headers.js";
import { type Bench, expect, test } from "./package.js";
import { tinyModel } from "./paths.js";
import { type Behaviour, damaged, file, LARGE, TINY, whole, withoutRanges } from "./site.js";

const ready = { value: expect.objectContaining({ storage: "opfs", sha256: LARGE.sha256, bytes: LARGE.bytes }) };
const kept = { [`${LARGE.sha256}.gguf`]: LARGE.bytes };
const rest = { [`${LARGE.sha256}.gguf.part`]: LARGE.bytes + 1024 };

/** The first connection gets all that it takes, each further one half of its share; then nothing more comes. */
const halfShares: Behaviour = (response, range, site) => {
  if (range.start === 0) return whole(response, range, site);
  response.writeHead(206, { "Content-Length": range.end - range.start, "Content-Range": `bytes ${range.start}-${range.end - 1}/${site.bytes.length}` });
  response.write(site.bytes.subarray(range.start, (range.start + range.end) >> 1));
};

/** The same, and the connections break once the page has said that all of that arrived. */
const cutShares: Behaviour = (response, range, site) => {
  halfShares(response, range, site);
  if (range.start > 0) site.onprogress = (loaded) => loaded > 0.6 && response.destroy();
};

/** Creates, and tells where the progress went on: the first event is 0, whatever is there already. */
function createFrom(bench: Bench): Promise<unknown> {
  return bench.call(async ({ Summarizer }, model) => {
    let first = 0;
    const monitor = (monitor: EventTarget) =>
      monitor.addEventListener("downloadprogress", (event) => (first ||= (event as Event & { loaded: number }).loaded));
    const { storage, sha256 } = (await Summarizer.create({ model, monitor })).model;
    return { storage, sha256, first };
  }, LARGE);
}

const resumed = { value: { storage: "opfs", sha256: LARGE.sha256, first: expect.closeTo(0.625, 1) } };

test.beforeEach(({ site }) => site.serveLarge());

test("four connections share a large file, and its hash is right", async ({ bench, site }) => {
  expect(await bench.create({ model: LARGE })).toEqual(ready);
  expect(await bench.stored()).toEqual(kept);
  expect(site.asked).toHaveLength(4);
  expect(site.asked[0]).toBe(0);
  expect(new Set(site.asked).size).toBe(4);
});

test("a host that doesn't say that it sends parts is asked once", async ({ bench, site }) => {
  site.behaviour = withoutRanges;
  expect(await bench.create({ model: LARGE })).toEqual(ready);
  expect(site.asked).toEqual([0]);
});

test("a host that refuses further connections is left with one", async ({ bench, site }) => {
  let refused = 0;
  site.behaviour = (response, range, site) => {
    if (range.start === 0 || refused === 3) return whole(response, range, site);
    refused++;
    response.writeHead(429).end();
  };
  expect(await bench.create({ model: LARGE })).toEqual(ready);
  expect(site.asked).toHaveLength(5);
});

test("what several connections brought is kept when one breaks, and nothing of it is fetched again", async ({ bench, site }) => {
  site.behaviour = cutShares;
  const cut = await bench.create({ model: LARGE });
  expect(cut).toMatchObject({ code: "download-failed", message: expect.stringMatching(/1\d of 21 MB are kept: try again to continue/) });
  expect(await bench.stored()).toEqual(rest);
  const before = [...site.asked];
  site.behaviour = whole;
  await bench.open();
  expect(await createFrom(bench)).toEqual(resumed);
  expect(await bench.stored()).toEqual(kept);
  // It went on inside of the shares, and not at their beginnings.
  for (const start of site.asked.slice(before.length)) expect(before).not.toContain(start);
});

test("a tab that is closed in the middle leaves all that had come", async ({ bench, page, site }) => {
  site.behaviour = halfShares;
  void bench.create({ model: LARGE }).catch(() => undefined);
  await new Promise<void>((resolve) => (site.onprogress = (loaded) => loaded > 0.6 && resolve()));
  await page.reload();
  site.behaviour = whole;
  expect(await createFrom(bench)).toEqual(resumed);
});

test("a table that makes no sense is not believed", async ({ bench, page, site }) => {
  await page.evaluate(
    async ({ name, bytes }) => {
      const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("precis-models", { create: true });
      const writable = await (await folder.getFileHandle(name, { create: true })).createWritable();
      // From 5 to 3.
      await writable.write({ type: "write", position: bytes, data: new Float64Array([5, 3, ...new Array<number>(126).fill(0)]) });
      await writable.close();
    },
    { name: `${LARGE.sha256}.gguf.part`, bytes: LARGE.bytes },
  );
  expect(await bench.create({ model: LARGE })).toEqual(ready);
  expect(site.asked[0]).toBe(0);
});

test("a damaged file is refused, however it came", async ({ bench, site }) => {
  site.behaviour = damaged;
  expect(await bench.create({ model: LARGE })).toMatchObject({ code: "download-corrupt", message: expect.stringContaining("checksum is wrong") });
  expect(site.asked).toHaveLength(4);
  expect(await bench.stored()).toEqual({});
});

test("the monitor says how fast it is and how long it takes still", async ({ bench, site }) => {
  site.behaviour = cutShares;
  const { value } = (await bench.call(async ({ Summarizer }, model) => {
    const seen: [number, number | null, number | null, number | null][] = [];
    const monitor = (monitor: EventTarget) =>
      monitor.addEventListener("downloadprogress", (event) => {
        const { loaded, bytes, totalBytes, bytesPerSecond, secondsLeft } = event as Event & Record<"loaded" | "bytes" | "totalBytes" | "bytesPerSecond" | "secondsLeft", number>;
        seen.push([bytes, totalBytes, bytesPerSecond, secondsLeft]);
        void fetch(`/progress/${loaded}`);
      });
    await Summarizer.create({ model, monitor }).catch(() => undefined);
    return seen;
  }, LARGE)) as { value: [number, number, number | null, number | null][] };
  const [bytes, total, speed, left] = value.at(-1)!;
  expect(total).toBe(LARGE.bytes);
  expect(speed).toBeGreaterThan(0);
  expect(left).toBeCloseTo((total - bytes) / speed!, 5);
});

test("storage that is known to be too small is said before anything is fetched, with both figures", async ({ bench, page, site }) => {
  await inWorker(page, "navigator.storage.estimate = async () => ({ quota: 4e6, usage: 1e6 });");
  // Too large to be held in memory.
  expect(await bench.create({ model: { ...LARGE, bytes: 400e6 } })).toMatchObject({ code: "storage-full", message: expect.stringContaining("it needs 400 MB of this browser's storage, of which 3.0 MB are left for this site") });
  expect(site.asked).toEqual([]);
  expect(await bench.stored()).toEqual({});
});

test("storage that turns out to be too small gets its room back", async ({ bench, page, site }) => {
  const protocol = await page.context().newCDPSession(page);
  await protocol.send("Storage.overrideQuotaForOrigin", { origin: site.origin, quotaSize: 3_000_000 });
  expect(await bench.create({ model: LARGE })).toMatchObject({ value: { storage: "memory", notKept: "storage-full", sha256: LARGE.sha256 } });
  expect(await bench.stored()).toEqual({});
  // What the size of a file is nobody knows before it comes.
  expect(await bench.create({ model: { id: "large", file: "large.gguf" } })).toMatchObject({ code: "storage-full", message: expect.stringMatching(/its file needs more of this browser's storage, which was full after \d\.\d MB/) });
  expect(await bench.stored()).toEqual({});
});

test("a licence has to be accepted before a byte is fetched, and only then", async ({ bench, site }) => {
  const model = { ...LARGE, licence: "Gemma", terms: "https://example.org/terms", accept: true };
  expect(await bench.create({ model })).toMatchObject({ code: "licence-required", message: expect.stringContaining("Gemma (https://example.org/terms)") });
  expect(site.asked).toEqual([]);
  expect(await bench.create({ model, acceptLicence: true })).toEqual(ready);
  const { length } = site.asked;
  // What is on the device was accepted.
  expect(await bench.create({ model })).toEqual(ready);
  expect(site.asked).toHaveLength(length);
});

test("models are listed and deleted", async ({ bench, site }) => {
  await bench.create({ model: LARGE });
  site.bytes = readFileSync(tinyModel);
  await bench.create({ model: TINY });
  const listed = () => bench.call(async ({ storedModels }) => (await storedModels()).toSorted((one, other) => one.bytes - other.bytes), null);
  const tiny = { sha256: TINY.sha256, bytes: TINY.bytes, complete: true, label: null };
  expect(await listed()).toEqual({ value: [tiny, { ...tiny, sha256: LARGE.sha256, bytes: LARGE.bytes }] });
  await bench.call(({ deleteModel }, sha256) => deleteModel(sha256), LARGE.sha256);
  expect(await listed()).toEqual({ value: [tiny] });
  expect(await bench.stored()).toEqual({ [`${TINY.sha256}.gguf`]: TINY.bytes });
});

test("an entry without a hash is kept under the one that it turns out to have, and found by its id", async ({ bench, site }) => {
  const model = { id: "unknown", name: "Unknown", file: "large.gguf" };
  expect(await bench.create({ model })).toMatchObject({ value: { storage: "opfs", downloaded: true, sha256: LARGE.sha256 } });
  expect(await bench.stored()).toEqual({ ...kept, [`${LARGE.sha256}.json`]: expect.any(Number) });
  const { length } = site.asked;
  await bench.open();
  expect(await bench.create({ model })).toMatchObject({ value: { storage: "opfs", downloaded: false, sha256: LARGE.sha256 } });
  expect(site.asked).toHaveLength(length);
  expect(await bench.call(({ storedModels }) => storedModels(), null)).toMatchObject({ value: [{ label: { id: "unknown", name: "Unknown", prompt: null } }] });
});

test("what breaks off without a hash is not kept", async ({ bench, site }) => {
  site.behaviour = cutShares;
  expect(await bench.create({ model: { id: "unknown", file: "large.gguf" } })).toMatchObject({ code: "download-failed", message: expect.stringMatching(/loading\. Try again\.$/) });
  expect(await bench.stored()).toEqual({});
});

/** Summarizes a File of these bytes, made in the page. */
function fromDisk(bench: Bench, keep: boolean): Promise<unknown> {
  const base64 = readFileSync(tinyModel).toString("base64");
  return bench.call(
    async ({ Summarizer }, { base64, keep }) => {
      const file = new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], "own.gguf");
      const summarizer = await Summarizer.create({ model: file, keep });
      const summary = await summarizer.summarize("Bees visit flowers. ".repeat(20), { max_tokens: 8 });
      return { ...summarizer.model, summary, id: summarizer.report!.model.id };
    },
    { base64, keep },
  );
}

test("a file from disk is read where it lies", async ({ bench, site }) => {
  expect(await fromDisk(bench, false)).toMatchObject({ value: { storage: "file", downloaded: false, sha256: TINY.sha256, id: "own.gguf", summary: expect.stringMatching(/./u) } });
  expect(await bench.stored()).toEqual({});
  expect(site.asked).toEqual([]);
});

test("a file from disk is kept if that is asked for", async ({ bench, site }) => {
  expect(await fromDisk(bench, true)).toMatchObject({ value: { storage: "opfs", sha256: TINY.sha256, summary: expect.stringMatching(/./u) } });
  // It is there without its file then.
  await bench.open();
  expect(await bench.create({ model: { id: "own.gguf", bytes: TINY.bytes, sha256: TINY.sha256 } })).toMatchObject({ value: { storage: "opfs", downloaded: false } });
  await bench.call(({ deleteModel }, sha256) => deleteModel(sha256), TINY.sha256);
  expect(await bench.create({ model: { id: "own.gguf", bytes: TINY.bytes, sha256: TINY.sha256 } })).toMatchObject({ code: "download-failed", message: expect.stringContaining("open its file again") });
  expect(site.asked).toEqual([]);
});

for (const [what, { bytes, code, names }] of Object.entries(UNSUPPORTED)) {
  test(`an unsupported ${what} is named before the body is fetched`, async ({ bench, site }) => {
    site.behaviour = beginning(bytes);
    const named = { code, message: expect.stringContaining(names) };
    expect(await bench.call(({ inspectModel }) => inspectModel("models/large.gguf"), null)).toMatchObject(named);
    // Whether it is known by its hash, by its id, or by nothing: the server sends no more than the beginning.
    for (const model of [LARGE, { id: "unknown", file: "large.gguf" }, "models/large.gguf"]) {
      expect(await bench.create({ model })).toMatchObject(named);
      expect(await bench.stored()).toEqual({});
    }
    expect(site.asked).toEqual([0, 0, 0, 0]);
  });
}

test("a model is described by its beginning", async ({ bench, site }) => {
  site.behaviour = beginning(readFileSync(tinyModel));
  const described = { architecture: "llama", context: 512, has_chat_template: true, quant: expect.stringMatching(/^Q\d_\d$/), parameters: expect.any(Number), bytes: LARGE.bytes };
  expect(await bench.call(({ inspectModel }) => inspectModel("models/large.gguf"), null)).toMatchObject({ value: described });
  site.behaviour = file(readFileSync(tinyModel).subarray(0, 5000));
  expect(await bench.call(({ inspectModel }) => inspectModel("models/large.gguf"), null)).toMatchObject({ code: "model-truncated" });
  site.behaviour = file(Buffer.from("<!doctype html> This is no model, whatever its name says."));
  expect(await bench.call(({ inspectModel }) => inspectModel("models/large.gguf"), null)).toMatchObject({ code: "model-not-gguf" });
});
