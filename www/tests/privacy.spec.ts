/** What a person pastes is found where that person put it, and nowhere else. */
import { readFileSync } from "node:fs";
import type { BrowserContext } from "@playwright/test";
import type {} from "../src/ui/window.js";
import { test as packageTest } from "./package.js";
import { inWorker } from "./faults.js";
import { expect, test } from "./page.js";
import { repository } from "./paths.js";

/** What no other text has: a name, a number, and a word of another alphabet. */
const SECRETS = ["Quixelmoor", "4815162342", "Щербаково"];

/** Several windows long, with a secret in each paragraph. */
const DOCUMENT = readFileSync(`${repository}/tests/fixtures/article.md`, "utf8")
  .slice(0, 10_000)
  .split("\n\n")
  .map((paragraph, i) => (paragraph.startsWith("#") ? paragraph : `${paragraph} Ms. ${SECRETS[0]} of ${SECRETS[2]} decided this with file ${SECRETS[1]} in step ${i}.`))
  .join("\n\n");

const secretsIn = (text: string) => SECRETS.filter((secret) => [secret, encodeURIComponent(secret), Buffer.from(secret).toString("base64").slice(0, -3)].some((form) => text.includes(form)));

/** The requests of a browser's pages and their workers, with headers and bodies. Other ways out of them are closed by `CLOSED`. */
function requestsOf(context: BrowserContext): { url: string; said: string }[] {
  const requests: { url: string; said: string }[] = [];
  context.on("request", (request) => requests.push({ url: request.url(), said: `${request.method()} ${request.url()} ${JSON.stringify(request.headers())} ${request.postData() ?? ""}` }));
  return requests;
}

/** A page or worker that opens a connection which is no request makes a request that is not expected. */
const CLOSED = `for (const name of ["WebSocket", "WebTransport", "RTCPeerConnection", "EventSource"]) self[name] = class { constructor() { void fetch("/opened/" + name); } };`;

test("a session with a document leaves it in the tab alone", async ({ page, precis, context, complaints }) => {
  const requests = requestsOf(context);
  const printed: string[] = [];
  page.on("console", (message) => printed.push(message.text()));
  await page.addInitScript(CLOSED);
  await inWorker(page, CLOSED);
  // What is written and deleted again counts, too.
  await page.addInitScript(() => {
    const written = ((window as unknown as { written: string[] }).written = [] as string[]);
    const set = Storage.prototype.setItem;
    Storage.prototype.setItem = function (key, value) {
      if (this === localStorage) written.push(`${key}: ${value}`);
      set.call(this, key, value);
    };
  });
  await precis.open("real");
  await page.evaluate(() => navigator.clipboard.writeText("what was there before"));
  await page.getByLabel("Length").selectOption("short");
  await precis.run(DOCUMENT);
  expect((await page.evaluate(() => window.precis.report))!.plan.windows).toBeGreaterThan(1);
  await precis.ask(`Who is ${SECRETS[0]}?`);
  await expect(precis.stage).toHaveText("Done");
  // What stays in the browser beside the tab.
  const kept = async () =>
    page.evaluate(async () => {
      const files: string[] = [];
      const visit = async (folder: FileSystemDirectoryHandle, path: string) => {
        for await (const [name, handle] of folder.entries()) {
          if (handle.kind === "directory") await visit(handle as FileSystemDirectoryHandle, `${path}${name}/`);
          // The model is the published one, byte for byte.
          else if (!name.endsWith(".gguf")) files.push(`${path}${name}: ${await (await (handle as FileSystemFileHandle).getFile()).text()}`);
        }
      };
      await visit(await navigator.storage.getDirectory(), "");
      return {
        files,
        local: JSON.stringify({ ...localStorage }),
        written: (window as unknown as { written: string[] }).written,
        databases: (await indexedDB.databases()).map(({ name }) => name),
        caches: await caches.keys(),
        page: `${document.title} ${location.href} ${JSON.stringify(history.state)}`,
      };
    });
  const before = await kept();
  expect(before.files.join()).toContain("precis-notes/");
  expect(secretsIn(JSON.stringify(before))).toEqual([]);
  expect(before).toMatchObject({ databases: [], caches: [] });
  expect(await context.cookies()).toEqual([]);
  // The tab itself keeps the work for a reload, until it is cleared.
  const tab = () => page.evaluate(() => JSON.stringify({ ...sessionStorage }));
  expect(secretsIn(await tab())).toEqual(SECRETS);
  await page.reload();
  await precis.getModel();
  await expect(precis.document).toHaveValue(DOCUMENT);
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("what was there before");
  page.on("dialog", (dialog) => void dialog.accept());
  await precis.openAdvanced();
  await page.getByRole("button", { name: "Clear everything" }).click();
  await expect(precis.document).toHaveValue("");
  expect(secretsIn(await tab())).toEqual([]);
  expect(secretsIn(JSON.stringify(await kept()))).toEqual([]);
  // Through all of this.
  const { origin } = new URL(page.url());
  // These would be found.
  await page.evaluate((secret) => fetch(`/found?${secret}`, { method: "POST", body: secret }), SECRETS[2]!);
  await page.evaluate(() => void new WebSocket("wss://example.org"));
  await expect.poll(() => requests.slice(-2).map(({ said }) => said).join()).toContain("/opened/WebSocket");
  expect(requests.splice(-2).filter(({ said }) => secretsIn(said).length > 0)).toHaveLength(1);
  complaints.length = 0;
  expect(requests.length).toBeGreaterThan(10);
  expect(requests.filter(({ url }) => (!url.startsWith(origin) && !url.startsWith(`blob:${origin}`)) || url.includes("/opened/"))).toEqual([]);
  expect(requests.filter(({ said }) => secretsIn(said).length > 0)).toEqual([]);
  expect(secretsIn(printed.join("\n"))).toEqual([]);
});

packageTest("the package asks for its own files and the model, on a page without any policy", async ({ bench, context, site }) => {
  const requests = requestsOf(context);
  const printed: string[] = [];
  bench.page.on("console", (message) => printed.push(message.text()));
  await bench.page.addInitScript(CLOSED);
  await inWorker(bench.page, CLOSED);
  await bench.open();
  expect((await bench.page.request.get(site.origin)).headers()).not.toHaveProperty("content-security-policy");
  expect(await bench.create()).toMatchObject({ value: { storage: "opfs" } });
  expect(await bench.call(async (_, text) => window.summarizer.summarize(text), DOCUMENT)).toMatchObject({ value: expect.any(String) });
  const paths = requests.map(({ url }) => url.replace(site.origin, ""));
  // `/progress/` is the tests' own.
  expect(paths.filter((path) => !/^\/$|^\/pkg\/[\w./-]+\.(js|wasm)$|^\/models\/tiny\.gguf$|^\/progress\/[\d.]+$|^\/favicon\.ico$/.test(path))).toEqual([]);
  expect(paths.filter((path) => path === "/models/tiny.gguf")).toHaveLength(1);
  expect(requests.filter(({ said }) => secretsIn(said).length > 0)).toEqual([]);
  expect(secretsIn(printed.join("\n"))).toEqual([]);
});
