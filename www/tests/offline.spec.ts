/** The built pages on a host without any header of ours: isolated by the service worker, and without a connection. */
import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { ARTICLE, expect, test as base } from "./page.js";
import { repository, tinyModel } from "./paths.js";
import { Site } from "./site.js";

const test = base.extend<{ site: Site; home: string }>({
  serviceWorkers: "allow",
  site: async ({}, use) => {
    const site = await Site.open();
    await use(site);
    await site.close();
  },
  home: async ({ site }, use) => use(`${site.origin}/dist/`),
});

/** How often the page itself was asked for, by a tab or by the service worker. */
const visits = (site: Site, page = "index.html") => site.paths.filter((path) => path === `/dist/${page}`).length;

const isolated = (page: Page) => page.evaluate(() => crossOriginIsolated);

/** The service worker has the page, and all its files. */
async function takenOver(page: Page): Promise<void> {
  await page.waitForFunction(() => navigator.serviceWorker.controller?.state === "activated");
}

/** Opens the tiny model as a file and keeps it. */
async function keepModel(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Choose model" }).click();
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Open a model file…" }).click();
  await (await chooser).setFiles(tinyModel);
  await page.getByLabel("Keep it on this device").check();
  await page.getByRole("button", { name: "Use this model" }).click();
  await expect(page.locator("#model-detail")).toContainText("Saved for offline use");
}

test("a host without headers gets an isolated page with threads, after one reload", async ({ page, precis, site, home }) => {
  await page.goto(`${home}index.html?model=tiny.gguf`);
  await page.waitForFunction(() => crossOriginIsolated);
  await takenOver(page);
  await precis.getModel();
  await expect(precis.device).toHaveText(/processor, ([2-9]|1\d) threads/);
  await precis.run(ARTICLE);
  expect(await page.evaluate(() => window.precis.report!.environment.cross_origin_isolated)).toBe(true);
  // A worker has no policy but its own header.
  const policy = await page.evaluate(async () => (await fetch(new URL("index.html", location.href))).headers.get("Content-Security-Policy"));
  expect(policy).toContain("default-src 'none'");
  // The first visit, the cache's own copy, and the reload.
  expect(visits(site)).toBe(3);
  for (const other of ["compare.html", "gallery.html"]) {
    await page.goto(home + other);
    expect(await isolated(page)).toBe(true);
    expect(visits(site, other)).toBe(2);
  }
});

test("where isolation can't be had it is tried once", async ({ page, precis, site, home, complaints }) => {
  const script = readFileSync(`${repository}/www/dist/service-worker.js`, "utf8");
  const body = script.replace("require-corp", "unsafe-none");
  expect(body).not.toBe(script);
  site.altered.set("/dist/service-worker.js", { type: "text/javascript", body });
  await page.goto(`${home}index.html?model=tiny.gguf`);
  await page.waitForFunction(() => sessionStorage.getItem("precis-reloaded") !== null);
  await takenOver(page);
  await precis.getModel();
  // Another worker takes the page over, and it stays as it is.
  await page.evaluate(async () => {
    const changed = new Promise((resolve) => navigator.serviceWorker.addEventListener("controllerchange", resolve));
    const registration = await navigator.serviceWorker.ready;
    await registration.unregister();
    await navigator.serviceWorker.register(`${registration.active!.scriptURL}`, { scope: registration.scope });
    await Promise.race([changed, navigator.serviceWorker.ready]);
  });
  await precis.run(ARTICLE);
  expect(await isolated(page)).toBe(false);
  expect(site.paths.filter((path) => path === "/dist/index.html").length).toBeLessThanOrEqual(4);
  complaints.length = 0;
});

test("a page that is in use is not reloaded under its reader's hands", async ({ page, precis, site, home }) => {
  let open = () => {};
  site.gate = new Promise((resolve) => (open = resolve));
  await page.goto(`${home}index.html?model=tiny.gguf`);
  await precis.document.fill("A text that must not be lost.");
  open();
  await takenOver(page);
  await expect(precis.document).toHaveValue("A text that must not be lost.");
  expect(await isolated(page)).toBe(false);
  await page.reload();
  expect(await isolated(page)).toBe(true);
});

test("without a connection the pages open, and a kept model summarizes", async ({ page, precis, site, home }) => {
  const foreign: string[] = [];
  const { origin } = site;
  page.on("request", (request) => new URL(request.url()).origin === origin || foreign.push(request.url()));
  await page.goto(`${home}index.html?model=tiny.gguf`);
  await page.waitForFunction(() => crossOriginIsolated);
  await precis.getModel();
  await keepModel(page);
  await site.close();
  await expect(fetch(origin)).rejects.toThrow();
  await page.goto(`${home}index.html`);
  await precis.getModel();
  expect(await isolated(page)).toBe(true);
  await expect(precis.device).toHaveText(/processor, ([2-9]|1\d) threads/);
  await precis.run(ARTICLE);
  // The benchmark's article is one of the files.
  await precis.benchmark.click();
  await expect(precis.document).toHaveValue(/Iteration 8 of 8/);
  await page.goto(home);
  await precis.getModel();
  await page.goto(`${home}compare.html`);
  await expect(page.locator("main[data-ready]")).toBeVisible();
  await page.goto(`${home}gallery.html`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Précis");
  expect(foreign).toEqual([]);
});

test("the files of a format are fetched with its first document, and then kept", async ({ page, precis, site, home }) => {
  const formats = () => site.paths.filter((path) => path.includes("/formats/")).length;
  await page.goto(`${home}index.html?model=tiny.gguf`);
  await page.waitForFunction(() => crossOriginIsolated);
  await takenOver(page);
  await precis.getModel();
  expect(formats()).toBe(0);
  const open = async (name: string) => page.locator("#file").setInputFiles(`${repository}/www/tests/fixtures/${name}`);
  await open("report.odt");
  await expect(precis.document).toHaveValue(/twenty hives/);
  const fetched = formats();
  expect(fetched).toBeGreaterThan(0);
  await site.close();
  await page.goto(`${home}index.html`);
  await open("report.odt");
  await expect(precis.document).toHaveValue(/twenty hives/);
  await open("report.docx");
  await expect(precis.alert).toContainText("check the connection, and open the file again");
});

test.describe("in a German browser", () => {
  test.use({ locale: "de-DE" });

  test("one visit is enough to be German without a connection", async ({ page, precis, site, home }) => {
    // What is typed keeps the page from being loaded again, which would fetch the translations once more.
    let open = () => {};
    site.gate = new Promise((resolve) => (open = resolve));
    await page.goto(`${home}index.html?model=tiny.gguf`);
    await page.getByRole("textbox", { name: "Dokument" }).fill("Ein Text.");
    open();
    await takenOver(page);
    const stored = () => page.evaluate(async () => (await Promise.all((await caches.keys()).map(async (name) => (await caches.open(name)).keys()))).flat().map(({ url }) => url));
    await expect.poll(async () => (await stored()).filter((url) => url.includes("/words/"))).toHaveLength(1);
    await site.close();
    await page.goto(`${home}index.html`);
    await expect(page.locator("html")).toHaveAttribute("lang", "de");
    await expect(precis.modelState).toHaveText("nicht geladen");
  });
});

test("a new version reaches people with the next visit, and the old worker goes when its pages have", async ({ page, site, home, context }) => {
  await page.goto(`${home}gallery.html`);
  await page.waitForFunction(() => crossOriginIsolated);
  const caches = (of = page) => of.evaluate(async () => (await globalThis.caches.keys()).map((name) => name.split(" ").at(-1)));
  const before = await caches();
  expect(before).toHaveLength(1);
  // Another build: a page with another title, and a worker that names it.
  const html = readFileSync(`${repository}/www/dist/gallery.html`, "utf8").replace(/<title>.*<\/title>/, "<title>The next version</title>");
  site.altered.set("/dist/gallery.html", { type: "text/html", body: html });
  const script = readFileSync(`${repository}/www/dist/service-worker.js`, "utf8");
  const next = "0".repeat(64);
  site.altered.set("/dist/service-worker.js", { type: "text/javascript", body: script.replace(before[0]!, next) });
  await page.reload();
  await expect(page).toHaveTitle("The next version");
  await expect.poll(async () => (await caches()).sort()).toEqual([next, ...before].sort());
  // A page beside the site's folder, which no worker has, sees the last page of the old build go. The next one is not opened
  // before: the old worker would have that, too.
  const beside = await context.newPage();
  await beside.goto(site.origin);
  await page.close();
  await expect.poll(() => caches(beside)).toEqual([next]);
  await beside.goto(`${home}gallery.html`);
  await expect(beside).toHaveTitle("The next version");
});

test("the answer's own headers stay, its Content-Security-Policy above all", async ({ page, site, home }) => {
  const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'none'";
  site.headers.set("Content-Security-Policy", policy);
  await page.goto(`${home}gallery.html`);
  await page.waitForFunction(() => crossOriginIsolated);
  const response = await page.reload();
  expect(response!.fromServiceWorker()).toBe(true);
  expect(response!.headers()).toMatchObject({
    "content-security-policy": policy,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-resource-policy": "same-origin",
  });
});
