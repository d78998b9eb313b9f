/** The model store: verified, resumed, kept, and honest about what went wrong. */
import { inWorker } from "./faults.js";
import { expect, test } from "./package.js";
import { cut, damaged, file, page as errorPage, TINY, whole, withoutRanges } from "./site.js";

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

test("a full storage says how much is needed and keeps nothing", async ({ bench, page, site }) => {
  const protocol = await page.context().newCDPSession(page);
  await protocol.send("Storage.overrideQuotaForOrigin", { origin: site.origin, quotaSize: 20_000 });
  expect(await bench.create()).toMatchObject({ code: "storage-full", message: expect.stringContaining("it needs 0.1 MB") });
  expect(await bench.stored()).toEqual({});
  await protocol.send("Storage.overrideQuotaForOrigin", { origin: site.origin });
  expect(await bench.create()).toEqual(ready);
});

test("without the browser's storage the model is held in memory", async ({ bench, page }) => {
  await inWorker(page, `navigator.storage.getDirectory = () => Promise.reject(new DOMException("private", "SecurityError"));`);
  expect(await bench.create()).toMatchObject({ value: { storage: "memory", downloaded: true, sha256: TINY.sha256 } });
  expect(await bench.stored()).toEqual({});
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
  const second = new (bench.constructor as new (page: unknown, site: unknown) => typeof bench)(await context.newPage(), site);
  await second.open();
  const both = await Promise.all([bench.create(), second.create()]);
  expect(both).toEqual([ready, ready]);
  expect(site.asked).toEqual([0]);
});
