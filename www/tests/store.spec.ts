/** The model store: verified, resumed, kept, and honest about what went wrong. */
import { inWorker } from "./faults.js";
import { Bench, expect, test } from "./package.js";
import { cut, damaged, file, page as errorPage, LARGE, TINY, whole, withoutRanges } from "./site.js";

const kept = { [`${TINY.sha256}.gguf`]: TINY.bytes };
const ready = { value: expect.objectContaining({ storage: "opfs", sha256: TINY.sha256, bytes: TINY.bytes }) };

test("a model is downloaded once and then comes from the browser's storage", async ({ bench, site }) => {
  expect(await bench.create()).toMatchObject({ value: { storage: "opfs", downloaded: true, sha256: TINY.sha256, bytes: TINY.bytes, context: 512 } });
  expect(await bench.stored()).toEqual(kept);
  expect(site.asked).toEqual([0]);
  await bench.open();
  expect(await bench.create()).toMatchObject({ value: { storage: "opfs", downloaded: false } });
  expect(site.asked).toEqual([0]);
});

test("a damaged file is refused and nothing of it is kept", async ({ bench, site }) => {
  site.behaviour = damaged;
  const outcome = await bench.create();
  expect(outcome).toMatchObject({ code: "download-corrupt", message: expect.stringContaining("checksum is wrong") });
  expect(await bench.stored()).toEqual({});
  site.behaviour = whole;
  expect(await bench.create()).toEqual(ready);
});

test("a file of the wrong length is refused and nothing of it is kept", async ({ bench, site }) => {
  for (const size of [0, 1000, TINY.bytes + 1]) {
    site.behaviour = file(new Uint8Array(size));
    expect(await bench.create()).toMatchObject({ code: "download-corrupt", message: expect.stringContaining(`instead of ${TINY.bytes}`) });
    expect(await bench.stored()).toEqual({});
  }
});

test("a broken download is kept as a part and goes on from there", async ({ bench, site }) => {
  site.behaviour = cut;
  const half = TINY.bytes >> 1;
  expect(await bench.create()).toMatchObject({ code: "download-failed", message: expect.stringMatching(/0\.0 of 0\.1 MB are kept: try again to continue/) });
  expect(await bench.stored()).toEqual({ [`${TINY.sha256}.gguf.part`]: half });
  // After a reload as well.
  await bench.open();
  expect(await bench.create()).toMatchObject({ code: "download-failed" });
  const threeQuarters = (half + TINY.bytes) >> 1;
  expect(await bench.stored()).toEqual({ [`${TINY.sha256}.gguf.part`]: threeQuarters });
  site.behaviour = whole;
  expect(await bench.create()).toEqual(ready);
  expect(site.asked).toEqual([0, half, threeQuarters]);
  expect(await bench.stored()).toEqual(kept);
});

test("a server without byte ranges makes the download start over", async ({ bench, site }) => {
  site.behaviour = cut;
  expect(await bench.create()).toMatchObject({ code: "download-failed" });
  site.behaviour = withoutRanges;
  expect(await bench.create()).toEqual(ready);
  expect(site.asked).toEqual([0, TINY.bytes >> 1]);
});

test("a part of another content is found out by its hash", async ({ bench, site, page }) => {
  await page.evaluate(async (name) => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("precis-models", { create: true });
    const writable = await (await folder.getFileHandle(name, { create: true })).createWritable();
    await writable.write(new Uint8Array(1000));
    await writable.close();
  }, `${TINY.sha256}.gguf.part`);
  expect(await bench.create()).toMatchObject({ code: "download-corrupt" });
  expect(await bench.stored()).toEqual({});
  expect(await bench.create()).toEqual(ready);
  expect(site.asked).toEqual([1000, 0]);
});

test("a part that is complete needs no request", async ({ bench, site, page }) => {
  expect(await bench.create()).toEqual(ready);
  await page.evaluate(async (name) => {
    window.summarizer.destroy();
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("precis-models");
    const handle = await folder.getFileHandle(name);
    await (handle as FileSystemFileHandle & { move(name: string): Promise<void> }).move(`${name}.part`);
  }, `${TINY.sha256}.gguf`);
  expect(await bench.create()).toEqual(ready);
  expect(await bench.stored()).toEqual(kept);
  expect(site.asked).toEqual([0]);
});

test("sources are tried in order; an error page is not a model", async ({ bench, site }) => {
  site.behaviour = errorPage;
  expect(await bench.create()).toMatchObject({ code: "download-failed", message: expect.stringContaining("no such file") });
  site.behaviour = (...request) => (site.asked.length === 2 ? whole(...request) : errorPage(...request));
  site.asked.length = 0;
  const model = { ...TINY, sources: [{ kind: "pip" }, { kind: "url", url: `${site.origin}/models/elsewhere.gguf` }] };
  expect(await bench.create({ model })).toEqual(ready);
  expect(site.asked).toEqual([0, 0]);
});

test("a site that can't be reached is a failed download", async ({ bench, page }) => {
  const model = { ...TINY, file: undefined, sources: [{ kind: "url", url: "http://localhost:1/tiny.gguf" }] };
  expect(await bench.create({ model: JSON.parse(JSON.stringify(model)) })).toMatchObject({ code: "download-failed", message: expect.stringContaining("localhost:1") });
  expect(await page.evaluate(() => navigator.onLine)).toBe(true);
});

test("a model that the storage has no room for is held in memory, and kept when there is room", async ({ bench, page, site }) => {
  const protocol = await page.context().newCDPSession(page);
  await protocol.send("Storage.overrideQuotaForOrigin", { origin: site.origin, quotaSize: 20_000 });
  expect(await bench.create()).toMatchObject({ value: { storage: "memory", notKept: "storage-full", downloaded: true, sha256: TINY.sha256 } });
  expect(await bench.stored()).toEqual({});
  await protocol.send("Storage.overrideQuotaForOrigin", { origin: site.origin });
  expect(await bench.create()).toEqual(ready);
});

test("without the browser's storage the model is held in memory", async ({ bench, page }) => {
  await inWorker(page, `navigator.storage.getDirectory = () => Promise.reject(new DOMException("private", "SecurityError"));`);
  expect(await bench.create()).toMatchObject({ value: { storage: "memory", notKept: null, downloaded: true, sha256: TINY.sha256 } });
  expect(await bench.stored()).toEqual({});
});

for (const [what, fault] of [
  ["opening a file", `FileSystemDirectoryHandle.prototype.getFileHandle = refuse;`],
  ["writing to a file", `FileSystemFileHandle.prototype.createSyncAccessHandle = refuse;`],
  ["the second piece", `{ const write = FileSystemSyncAccessHandle.prototype.write; let left = 1; FileSystemSyncAccessHandle.prototype.write = function (...data) { return left-- > 0 ? write.apply(this, data) : refused(); }; }`],
  ["keeping what was written", `FileSystemSyncAccessHandle.prototype.flush = refused;`],
  ["naming the complete file", `FileSystemFileHandle.prototype.move = refuse;`],
  ["reading the complete file", `FileSystemFileHandle.prototype.getFile = refuse;`],
] as const) {
  test(`storage that refuses ${what} is done without`, async ({ bench, page, site }) => {
    site.serveLarge();
    await inWorker(page, `const refused = () => { throw new DOMException("on purpose", "UnknownError"); }; const refuse = async () => refused(); ${fault}`);
    expect(await bench.create({ model: LARGE })).toMatchObject({ value: { storage: "memory", notKept: "storage-unavailable", downloaded: true, sha256: LARGE.sha256 } });
  });
}

test("a kept file that the browser deletes while it is read is said to be lost, and fetched again", async ({ bench, page, site }) => {
  expect(await bench.create()).toEqual(ready);
  // Deleted before its last tensors are read.
  await inWorker(
    page,
    `{
      let left = 3;
      const read = FileReaderSync.prototype.readAsArrayBuffer;
      FileReaderSync.prototype.readAsArrayBuffer = function (part) {
        if (left-- > 0) return read.call(this, part);
        throw new DOMException("A requested file could not be found", "NotFoundError");
      };
    }`,
  );
  await bench.open();
  expect(await bench.create()).toMatchObject({ code: "storage-unavailable", message: expect.stringContaining("Try again") });
  await page.unrouteAll();
  await bench.call(async ({ deleteModel }, sha256) => deleteModel(sha256), TINY.sha256);
  await bench.open();
  expect(await bench.create()).toMatchObject({ value: { storage: "opfs", downloaded: true } });
  expect(site.asked).toEqual([0, 0]);
});

test("a model that another tab deletes is used to the end, and fetched by the next", async ({ bench, context, site }) => {
  await bench.create();
  const other = new Bench(await context.newPage(), site);
  await other.open();
  await other.call(async ({ deleteModel }, sha256) => deleteModel(sha256), TINY.sha256);
  expect(await bench.call(async () => window.summarizer.summarize("Bees visit flowers to collect nectar. They fertilize plants on their way."), null)).toMatchObject({ value: expect.stringMatching(/\w/) });
  expect(await other.create()).toMatchObject({ value: { storage: "opfs", downloaded: true } });
});

test("where files can't be moved the model is copied", async ({ bench, page, site }) => {
  await inWorker(page, "delete FileSystemFileHandle.prototype.move;");
  expect(await bench.create()).toEqual(ready);
  expect(await bench.stored()).toEqual(kept);
  await bench.open();
  expect(await bench.create()).toMatchObject({ value: { downloaded: false } });
  expect(site.asked).toEqual([0]);
});

test("a kept file of the wrong size is thrown away", async ({ bench, page, site }) => {
  await page.evaluate(async (name) => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("precis-models", { create: true });
    const writable = await (await folder.getFileHandle(name, { create: true })).createWritable();
    await writable.write(new Uint8Array(10));
    await writable.close();
  }, `${TINY.sha256}.gguf`);
  expect(await bench.create()).toEqual(ready);
  expect(site.asked).toEqual([0]);
});

test("two tabs that want the model at once download it once", async ({ bench, context, site }) => {
  const second = new Bench(await context.newPage(), site);
  await second.open();
  const both = await Promise.all([bench.create(), second.create()]);
  expect(both).toEqual([ready, ready]);
  expect(site.asked).toEqual([0]);
});
