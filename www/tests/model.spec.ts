/** The model on the page: loading, trouble, trying again, and the policy that surrounds it. */
import { readFileSync } from "node:fs";
import { accessible } from "./inspect.js";
import { expect, test } from "./page.js";
import { repository } from "./paths.js";
import { Site, stall, whole } from "./site.js";

const MODEL = "**/models/SmolLM2-135M-Instruct.Q4_1.gguf";

test("the model is fetched when the person wants it, with progress, and a reload needs no download", async ({ page, precis }) => {
  let requests = 0;
  await page.route(MODEL, (route) => {
    requests++;
    return route.continue();
  });
  await page.goto("/");
  await expect(precis.modelState).toHaveText("not downloaded");
  await expect(page.locator("#download-text")).toContainText("SmolLM2 135M Instruct Q4_1, 98 MB. It is downloaded once, from this site or huggingface.co, and stays on this device");
  expect(requests).toBe(0);
  await precis.download.click();
  const loading = page.getByRole("progressbar", { name: "Loading model" });
  await expect(loading).toBeVisible();
  await expect(page.locator("#download-detail")).toHaveText(/^\d+(\.\d)? MB of 98 MB \(first time only\)/);
  await expect(precis.modelState).toHaveText("ready", { timeout: 60_000 });
  await expect(loading).toBeHidden();
  await expect(page.locator("#model-detail")).toContainText("Saved for offline use");
  expect(requests).toBe(1);
  await page.reload();
  await expect(precis.modelState).toHaveText("ready", { timeout: 60_000 });
  expect(requests).toBe(1);
});

test("a model that can't be had says why, and Try again gets it", async ({ page, precis, complaints }) => {
  await page.route(MODEL, (route) => route.fulfill({ body: "not the model" }));
  await page.goto("/");
  await precis.download.click();
  await expect(precis.modelAlert.locator(".error")).toHaveAttribute("data-code", "download-corrupt");
  await expect(precis.modelAlert).toContainText("was deleted. Try again");
  await accessible(page);
  // A run meanwhile tries again by itself, and fails for the same reason.
  await precis.document.fill("Some text.");
  await precis.summarize.click();
  await expect(precis.stage).toHaveText("Failed");
  await expect(precis.modelAlert.locator(".error")).toHaveAttribute("data-code", "download-corrupt");

  await page.unroute(MODEL);
  await page.route(MODEL, (route) => route.fulfill({ status: 404 }));
  await page.route("https://huggingface.co/**", (route) => route.abort());
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(precis.modelAlert.locator(".error")).toHaveAttribute("data-code", "download-failed");
  await expect(precis.modelAlert).toContainText(/localhost:\d+: status 404; huggingface.co: /);
  // Both are the browser's own words about what this test did to the network.
  expect(complaints.splice(0).filter((complaint) => !complaint.startsWith("Failed to load resource"))).toEqual([]);

  await page.unroute(MODEL);
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(precis.modelState).toHaveText("ready", { timeout: 60_000 });
  await expect(precis.modelAlert).toBeEmpty();
});

test("Summarize may be pressed before the model is ready, and Cancel ends the wait", async ({ page, precis }) => {
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route(MODEL, async (route) => {
    await held;
    await route.continue();
  });
  await page.goto("/");
  await precis.document.fill("Bees visit flowers to collect nectar and pollen.");
  await precis.summarize.click();
  await expect(precis.stage).toHaveText("Waiting for the model");
  await precis.cancel.click();
  await expect(precis.stage).toHaveText("Cancelled");
  await precis.summarize.click();
  await expect(precis.stage).toHaveText("Waiting for the model");
  release();
  await expect(precis.stage).toHaveText("Done", { timeout: 90_000 });
});

test("a download pauses, and continues where it was", async ({ page, precis }) => {
  const site = await Site.open();
  try {
    site.bytes = readFileSync(`${repository}/models/SmolLM2-135M-Instruct.Q4_1.gguf`);
    // Half of each part, and then nothing.
    site.behaviour = stall;
    await page.goto(`${site.origin}/dist/index.html`);
    await precis.download.click();
    // In all 61 MB or more come, and without one of the four parts about 51: so something of each has come.
    await expect(page.locator("#download-detail")).toHaveText(/^[67]\d MB of 98 MB/);
    await page.getByRole("button", { name: "Pause" }).click();
    await expect(precis.modelState).toHaveText("paused");
    const before = [...site.asked];
    site.behaviour = whole;
    await page.getByRole("button", { name: "Continue the download" }).click();
    await expect(precis.modelState).toHaveText("ready", { timeout: 60_000 });
    const after = site.asked.slice(before.length);
    expect(after.length).toBeGreaterThan(0);
    for (const start of after) expect(before).not.toContain(start);
  } finally {
    await page.close();
    await site.close();
  }
});

test("a run that waits for the download shows how far that is, on a phone, too", async ({ page, precis }) => {
  const site = await Site.open();
  try {
    site.bytes = readFileSync(`${repository}/models/SmolLM2-135M-Instruct.Q4_1.gguf`);
    site.behaviour = stall;
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`${site.origin}/dist/index.html`);
    await precis.document.fill("Bees visit flowers to collect nectar and pollen.");
    await precis.summarize.click();
    await expect(precis.stage).toHaveText("Waiting for the model");
    const left = page.locator("#left");
    await expect(left).toHaveText(/^[1-9]\d MB of 98 MB$/);
    await expect(left).toBeInViewport();
    await precis.cancel.click();
    await expect(precis.stage).toHaveText("Cancelled");
    await expect(left).toBeEmpty();
  } finally {
    await page.close();
    await site.close();
  }
});

test("a connection that saves data is asked first", async ({ page, precis }) => {
  await page.addInitScript(() => Object.defineProperty(navigator, "connection", { value: { saveData: true } }));
  let requests = 0;
  await page.route(MODEL, (route) => {
    requests++;
    return route.continue();
  });
  await page.goto("/");
  await expect(page.locator("#download-text")).toContainText("nothing is downloaded until you press Download now");
  await precis.document.fill("Bees visit flowers to collect nectar and pollen.");
  await precis.summarize.click();
  await expect(precis.download).toBeFocused();
  expect(requests).toBe(0);
  await precis.download.click();
  await expect(precis.modelState).toHaveText("ready", { timeout: 60_000 });
});

test("the built page carries its policy to hosts that send no headers", async ({ page, complaints, request }) => {
  const headers = (await request.get("/")).headers();
  expect(headers["cross-origin-opener-policy"]).toBe("same-origin");
  expect(headers["cross-origin-embedder-policy"]).toBe("require-corp");
  const sent = headers["content-security-policy"];
  expect(sent).toContain("default-src 'none'; script-src 'self' 'wasm-unsafe-eval';");
  expect(sent).toContain("; frame-ancestors 'self'");
  expect(sent).not.toMatch(/unsafe-inline|'unsafe-eval'|\*(?!\.hf\.co)/);
  expect(readFileSync(`${repository}/www/dist/index.html`, "utf8")).not.toMatch(/<style|style=|<script(?![^>]* src=)/);

  // A plain host, and the page in a folder of it.
  const site = await Site.open();
  try {
    await page.goto(`${site.origin}/dist/index.html`);
    await expect(page.locator("meta[http-equiv='Content-Security-Policy']")).toHaveAttribute("content", sent!.replace("; frame-ancestors 'self'", ""));
    await page.getByRole("button", { name: "Load the 40k-token benchmark" }).click();
    await expect(page.getByRole("textbox", { name: "Document" })).toHaveValue(/Iteration 8 of 8/);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
    // What the policy forbids is forbidden here too; the fixture sees the browser's complaint.
    const refused = page.waitForEvent("console", (message) => message.text().startsWith("policy: script-src-elem blocked inline"));
    await page.evaluate(() => document.body.append(Object.assign(document.createElement("script"), { textContent: "window.injected = true" })));
    await refused;
    expect(await page.evaluate(() => "injected" in window)).toBe(false);
    complaints.length = 0;
  } finally {
    await page.close();
    await site.close();
    complaints.length = 0;
  }
});
