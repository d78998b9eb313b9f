/** The comparison page: measuring, cards, and what others may send. */
import { randomBytes } from "node:crypto";
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import type {} from "../src/page/window.js";
import { card, configuration, withTexts } from "./cards.js";
import { Compare, expect, fragment, test } from "./compare.js";

const browser = () => configuration("wasm-relaxed-simd", 4, 400);
const laptop = () => card("Laptop", browser());

test("a quick run ends in a card with figures, charts, tables and files", async ({ page, compare }) => {
  const requests: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  await compare.open();
  expect(await page.evaluate(() => window.precis.card)).toBeNull();
  await expect(page.getByRole("radio", { name: "Quick" })).toBeChecked();
  await expect(page.getByRole("checkbox", { name: "Automatic" })).toBeChecked();
  await expect(page.getByRole("checkbox", { checked: true })).toHaveCount(1);
  await compare.run("Test bench");

  const measured = (await page.evaluate(() => window.precis.card))!;
  expect(measured).toMatchObject({ schema: "precis.result/1", name: "Test bench", invalid: [] });
  expect(measured.method).toMatchObject({ suite: "quick", repetitions: 5, left_out: [] });
  expect(measured.environment).toMatchObject({ cross_origin_isolated: true, hidden_during_run: false, version: expect.stringMatching(/^\d/) });
  const [one, ...others] = measured.configurations;
  expect(others).toEqual([]);
  expect(one).toMatchObject({ loaded_from: "network", module_sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(one!.certificate).toMatchObject({ tokens: 200, logits: 512 });
  expect(one!.certificate!.distance).toBeGreaterThan(0);
  expect(one!.prefill.map(({ tokens, tokens_per_second }) => [tokens, tokens_per_second.values.length])).toEqual([[512, 5], [2048, 5]]);
  expect(one!.decode.map(({ tokens, token_ms }) => [tokens, token_ms.values.length])).toEqual([[64, 5]]);
  expect(one!.score).toBeGreaterThan(0);

  await expect(compare.progress).toHaveJSProperty("value", 1);
  await expect(compare.result.getByText("documents a minute: 2,048 tokens read and 64 written")).toBeVisible();
  await expect(compare.result.getByText("these figures can't be believed")).toHaveCount(0);
  // Whether the machine was quiet is nothing that a test can promise; that the card's own marks are shown, it can.
  await expect(compare.result.getByText("these figures may differ")).toHaveCount(measured.unsteady.length > 0 ? 1 : 0);
  const figures = compare.result.getByRole("table", { name: "Figures" });
  for (const row of ["Prefill, 512 tokens (pp512)", "Prefill, 2,048 tokens (pp2048)", "Decode, 64 tokens (tg64)", "Tokenizing", "Preparing the model", "Peak, 8-bit integers"]) {
    await expect(figures.getByRole("row", { name: row })).toHaveText(/\d/);
  }
  await expect(figures.getByRole("row", { name: "Certificate" })).toContainText("passed");

  for (const [title, least] of [["Speed over position", 4], ["Reading speed", 2], ["Writing speed", 1], ["What the device does at best", 2]] as const) {
    const figure = compare.result.getByRole("figure").filter({ has: page.getByRole("heading", { name: title }) });
    await expect(figure.getByRole("img")).toHaveAccessibleName(/\d/);
    await figure.getByText("Show as table").click();
    expect(await figure.getByRole("table", { name: title }).getByRole("row").count()).toBeGreaterThan(least);
    const png = await compare.saved(figure.getByRole("button", { name: "Download PNG" }));
    expect(png.name).toMatch(/^precis-[a-z]+\.png$/);
    expect(png.content.subarray(0, 8)).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]));
    const svg = await compare.saved(figure.getByRole("button", { name: "Download SVG" }));
    expect(svg.content.toString()).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[^]*<(rect|polyline) [^]*<\/svg>$/);
    expect(svg.content.toString()).toContain(one!.name);
    expect(svg.content.toString()).not.toContain("currentColor");
  }

  const json = await compare.saved(compare.button("Export JSON"));
  expect(json.name).toBe("precis-card.json");
  expect(JSON.parse(json.content.toString())).toEqual(measured);
  const csv = await compare.saved(compare.button("Export CSV"));
  expect(csv.name).toBe("precis-card.csv");
  expect(csv.content.toString().split("\r\n").filter((line) => line.includes(",pp2048,tokens/s,"))).toHaveLength(1);
  const markdown = await compare.saved(compare.button("Export Markdown"));
  expect(markdown.name).toBe("precis-card.md");
  expect(markdown.content.toString()).toContain(`## Test bench\n`);

  const origin = new URL(page.url()).origin;
  expect(requests.filter((url) => !url.startsWith(origin) && !url.startsWith(`blob:${origin}`))).toEqual([]);
});

test("backends are measured side by side", async ({ page, compare }) => {
  await compare.open();
  await page.getByRole("radio", { name: "Standard" }).check();
  await expect(page.getByRole("checkbox", { name: "Automatic" })).not.toBeChecked();
  expect(await page.getByRole("checkbox", { name: /^Processor/, checked: true }).count()).toBeGreaterThan(1);
  await page.getByRole("radio", { name: "Quick" }).check();
  await page.getByRole("checkbox", { name: "Automatic" }).uncheck();
  await compare.measure.click();
  await expect(compare.alert).toContainText("Choose at least one backend");
  await page.getByRole("checkbox", { name: "plain SIMD" }).check();
  await page.getByRole("checkbox", { name: "relaxed SIMD, 1 thread" }).check();
  await compare.run("Both");
  await expect(compare.alert).toBeEmpty();
  const names = ["wasm-simd, 1 thread", "wasm-relaxed-simd, 1 thread"];
  const { configurations } = (await page.evaluate(() => window.precis.card))!;
  expect(configurations.map(({ name }) => name)).toEqual(names);
  expect(configurations[0]!.module_sha256).not.toBe(configurations[1]!.module_sha256);
  await expect(compare.result.getByRole("table", { name: "Figures" }).getByRole("columnheader")).toHaveText(["Figure", ...names]);
  await expect(compare.result.getByRole("img", { name: /^Reading speed/ })).toHaveAccessibleName(/pp512.*wasm-simd, 1 thread: [\d,.]+ ±.*wasm-relaxed-simd, 1 thread: [\d,.]+ ±/);
});

test("a GPU that isn't there is left out, and the card says why", async ({ page, compare }) => {
  await compare.open();
  await page.getByRole("checkbox", { name: "GPU (WebGPU)" }).check();
  await compare.run("No GPU");
  const { configurations, method } = (await page.evaluate(() => window.precis.card))!;
  expect(configurations).toHaveLength(1);
  expect(method.left_out).toEqual([{ configuration: "GPU (WebGPU)", what: "everything", reason: expect.stringContaining("No GPU") }]);
  await expect(compare.result.getByText("GPU (WebGPU): everything: ")).toBeVisible();
});

test("Cancel ends a run at once and keeps nothing; the next one runs", async ({ page, compare }) => {
  await compare.open();
  for (const [phase, doing] of [["Getting ready", /./], ["Measuring", /reading 2048 tokens/]] as const) {
    await compare.measure.focus();
    await page.keyboard.press("Enter");
    await expect(compare.state).toHaveText(phase);
    await expect(compare.cancel).toBeFocused();
    await expect(page.locator("#doing")).toHaveText(doing);
    const took = await page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          const state = document.querySelector("#state")!;
          const pressed = performance.now();
          new MutationObserver(() => state.textContent === "Cancelled" && resolve(performance.now() - pressed)).observe(state, { childList: true });
          document.querySelector<HTMLButtonElement>("#cancel")!.click();
        }),
    );
    expect(took).toBeLessThan(250);
    await expect(compare.measure).toBeFocused();
    await expect.poll(() => page.workers().length).toBe(0);
  }
  expect(await page.evaluate(() => window.precis.card)).toBeNull();
  await expect(compare.result.getByText("No card is open")).toBeVisible();
  await expect(compare.history.getByRole("listitem")).toHaveCount(0);
  await compare.run("After that");
});

test("a worker that fails in the middle costs its figures, not the run", async ({ page, compare }) => {
  // The engine's worker fails at its first reading of 2,048 tokens.
  await page.route(/\/assets\/worker-[\w-]+\.js$/, async (route) => {
    const response = await route.fetch();
    const fault = `self.addEventListener("message", ({ data }) => { if (data.params?.step?.tokens === 2048) throw new Error("planted"); });`;
    await route.fulfill({ response, body: `${fault}\n${await response.text()}` });
  });
  await compare.open();
  await compare.run("Broken");
  const { configurations, method } = (await page.evaluate(() => window.precis.card))!;
  expect(method.left_out).toContainEqual({ configuration: configurations[0]!.name, what: "reading 2048 tokens", reason: expect.stringContaining("planted") });
  expect(configurations[0]!.score).toBeNull();
  await expect(compare.result.getByText("reading 2048 tokens: ")).toBeVisible();
});

test("a model that can't be had is said, and may be tried again", async ({ page, compare, complaints }) => {
  await compare.open();
  await page.unroute("**/models/tiny.gguf");
  await page.route("**/models/tiny.gguf", (route) => route.fulfill({ status: 404 }));
  await compare.measure.click();
  await expect(compare.alert).toContainText("download-failed");
  await expect(compare.state).toHaveText("Failed");
  expect(complaints.splice(0).filter((complaint) => !complaint.startsWith("Failed to load resource"))).toEqual([]);
  await page.unroute("**/models/tiny.gguf");
  await compare.open();
  await compare.measure.click();
  await expect(compare.state).toHaveText("Measuring");
});

test("cards are kept, renamed, deleted and imported again", async ({ page, compare }) => {
  await compare.open();
  await compare.import(JSON.stringify(laptop()));
  await expect(compare.item("Laptop")).toContainText("imported");
  const json = await compare.saved(compare.button("Export JSON"));

  await compare.item("Laptop").getByRole("button", { name: "Rename Laptop" }).click();
  const field = compare.history.getByRole("textbox", { name: "New name of Laptop" });
  await expect(field).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(compare.item("Laptop").getByRole("button", { name: "Rename Laptop" })).toBeFocused();
  await page.keyboard.press("Enter");
  await field.fill("Old laptop");
  await page.keyboard.press("Enter");
  await expect(compare.item("Old laptop")).toBeVisible();

  await page.reload();
  await expect(compare.result.getByText("No card is open")).toBeVisible();
  await compare.history.getByRole("button", { name: "Open Old laptop" }).click();
  await expect(compare.result.getByRole("heading", { name: "Old laptop" })).toBeVisible();
  await expect(compare.result.getByRole("heading", { name: "Result" })).toBeFocused();
  await compare.history.getByRole("button", { name: "Delete Old laptop" }).click();
  await expect(compare.history.getByRole("listitem")).toHaveCount(0);
  await expect(compare.history.getByRole("heading", { name: "History" })).toBeFocused();

  await page.getByText("Paste a card").click();
  await page.getByRole("textbox", { name: "Card as JSON" }).fill(json.content.toString());
  await page.getByRole("button", { name: "Add pasted card" }).click();
  await expect(compare.item("Laptop")).toBeVisible();
  await expect(page.getByRole("textbox", { name: "Card as JSON" })).toHaveValue("");
  await page.reload();
  await expect(compare.item("Laptop")).toBeVisible();
  // Nothing was lost on the way.
  await compare.history.getByRole("button", { name: "Open Laptop" }).click();
  expect((await compare.saved(compare.button("Export JSON"))).content).toEqual(json.content);
});

test("a link carries a card to somebody else, who sees it beside their own", async ({ page, compare, browser }) => {
  await compare.open();
  const theirs = card("Phone", configuration("wasm-relaxed-simd", 4, 200));
  await compare.import(JSON.stringify(theirs));
  await expect(compare.item("Phone")).toBeVisible();
  await compare.button("Copy share link").click();
  await expect(compare.result.getByRole("status")).toContainText("Copied");
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(link).toMatch(/\/compare\.html\?model=tiny\.gguf#card=[\w-]+$/);

  const context = await browser.newContext();
  try {
    const other = new Compare(await context.newPage());
    await other.open(new URL(link).hash);
    await expect(other.result.getByRole("heading", { name: "Phone" })).toBeVisible();
    await expect(other.comparison).toContainText("There is no card of your own yet");
    const row = (name: string) => other.comparison.getByRole("table").getByRole("row", { name });
    await expect(row("Prefill, 2,048 tokens (pp2048)").getByRole("cell")).toHaveText(["200 ± 0.0", "—", "—"]);
    // Somebody else's card is not kept.
    await expect(other.history.getByRole("listitem")).toHaveCount(0);

    await other.run("Mine");
    await other.open(new URL(link).hash.replace(/^/, "&again=1"));
    const mine = JSON.parse((await keptCards(other.page))[0]!) as ReturnType<typeof laptop>;
    const own = mine.configurations[0]!.prefill.find(({ tokens }) => tokens === 2048)!.tokens_per_second.median!;
    const cells = await row("Prefill, 2,048 tokens (pp2048)").getByRole("cell").allTextContents();
    expect(cells[0]).toBe("200 ± 0.0");
    expect(Number(cells[2]!.replace("×", ""))).toBeCloseTo(200 / own, 2);
    // It was another model.
    await expect(other.comparison).toContainText("Different models were measured");

    // From the history, the own card stays on its side.
    await other.history.getByRole("button", { name: "Compare Mine" }).click();
    await expect(other.comparison.getByRole("heading", { name: "Comparison" })).toBeFocused();
    await expect(other.comparison.getByText(/^Theirs: Phone/)).toBeVisible();
    await expect(other.comparison.getByText(/^Yours: Mine/)).toBeVisible();
  } finally {
    await context.close();
  }
});

test("the browser tax stands beside a native card with as many threads", async ({ compare }) => {
  await compare.open();
  await compare.import(JSON.stringify(card("Laptop", configuration("native", 4, 1000), configuration("native", 1, 300))));
  await expect(compare.item("Laptop")).toHaveCount(1);
  await expect(compare.result.getByRole("table", { name: "Browser tax" })).toHaveCount(0);
  await compare.import(JSON.stringify({ ...laptop(), name: "Laptop in Chrome" }));
  const tax = compare.result.getByRole("table", { name: "Browser tax" });
  await expect(tax.getByRole("row", { name: "2,048 tokens" }).getByRole("cell")).toHaveText(["1,000", "400", "2.5×"]);
  // The native card says the same of the newest browser card.
  await compare.history.getByRole("button", { name: /^Open Laptop,/ }).click();
  await expect(compare.result.getByRole("heading", { name: "Laptop", exact: true })).toBeVisible();
  await expect(tax.getByRole("row", { name: "512 tokens" }).getByRole("cell")).toHaveText(["1,000", "400", "2.5×"]);
});

test("marks are computed here, whatever a card says of itself", async ({ compare }) => {
  await compare.open();
  const wrong = browser();
  wrong.certificate!.distance = 0.5;
  wrong.certificate!.bound = 1;
  wrong.prefill[0]!.first_token_ms.values = [1000, 1500, 2000, 1200, 3000];
  wrong.score = 1e9;
  await compare.import(JSON.stringify(card("Wrong", wrong)));
  await expect(compare.result.getByRole("heading", { name: "Invalid: these figures can't be believed" })).toBeVisible();
  await expect(compare.result.getByText("its logits are 5.0e-1 from the recorded ones")).toBeVisible();
  await expect(compare.result.getByRole("heading", { name: "Unsteady" })).toBeVisible();
  await expect(compare.result.getByText("reading 512 tokens varies by")).toBeVisible();
  await expect(compare.result.locator(".readout")).not.toContainText("1,000,000,000");
});

test("cards that are none are refused, in an alert and with nothing else", async ({ page, compare }) => {
  await compare.open();
  const json = JSON.stringify(laptop());
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  const bad: [string, RegExp][] = [
    [json.replace('"Laptop"', `"${"x".repeat(1 << 20)}"`), /bytes, of 1048576 at most/],
    [nested(100_000), /./],
    [json.replace('"reason":', `"more":${nested(20)},"reason":`), /too deep/],
    [json.replace("precis.result/1", "precis.result/2"), /its schema is/],
    ["{}", /lacks the schema/],
    ["null", /./],
    ["<!doctype html>", /./],
    ["", /./],
    [json.replace('"rest_ms":200', '"rest_ms":NaN'), /./],
    [json.replace('"rest_ms":200', '"rest_ms":-200'), /impossible/],
    [json.replace('"rest_ms":200', '"rest_ms":1e999'), /./],
    [json.replace('"rest_ms":200', '"rest_ms":"200"'), /./],
    [json.replace('"Laptop"', `"${"x".repeat(601)}"`), /longer than 600 characters/],
    [json.replace('"Laptop"', '"Lap\\u0000top"'), /not plain/],
    [json.replace('"features":["simd128"]', `"features":[${'"x",'.repeat(4096)}"x"]`), /4097 entries/],
    [json.slice(0, -10), /./],
  ];
  for (const [content, why] of bad) {
    await compare.import(content);
    await expect(compare.importAlert, content.slice(0, 80)).toContainText("invalid-card");
    await expect(compare.importAlert).toContainText(why);
    // So that the next alert is the next card's.
    await page.evaluate(() => document.querySelector("#import-alert")!.replaceChildren());
  }
  await expect(compare.result.getByText("No card is open")).toBeVisible();
  await expect(compare.history.getByRole("listitem")).toHaveCount(0);
});

test("links that hold no card are refused, in an alert and with nothing else", async ({ compare }) => {
  const json = JSON.stringify(laptop());
  const whole = fragment(json);
  const bad: [string, RegExp][] = [
    // Some kilobytes that unpack to 64 megabytes, were they let.
    [fragment(Buffer.alloc(1 << 26, " ")), /unpacks to more than 1048576 bytes/],
    [fragment(json + " ".repeat(1 << 20)), /unpacks to more than 1048576 bytes/],
    ["#card=" + "A".repeat(1.6 * (1 << 20)), /too long/],
    ["#card=%%%", /damaged/],
    ["#card=" + randomBytes(300).toString("base64url"), /damaged/],
    [whole.slice(0, whole.length >> 1), /damaged/],
    [fragment(Buffer.from([0x22, 0xff, 0xfe, 0x22])), /damaged/],
    [fragment("{}"), /lacks the schema/],
    [fragment(json.replace("precis.result/1", "x")), /its schema is/],
    ["#card=", /./],
  ];
  for (const [end, why] of bad) {
    await compare.page.goto("about:blank");
    await compare.open(end);
    await expect(compare.linkAlert, end.slice(0, 40)).toContainText("invalid-card");
    await expect(compare.linkAlert).toContainText(why);
    await expect(compare.result.getByText("No card is open")).toBeVisible();
    await expect(compare.comparison.getByRole("table")).toHaveCount(0);
  }
  // The same page, another end of its address: now it is one.
  await compare.page.evaluate((hash) => void (location.hash = hash), whole);
  await expect(compare.result.getByRole("heading", { name: "Laptop" })).toBeVisible();
  await expect(compare.linkAlert).toBeEmpty();
});

test("markup in every text of a card is text", async ({ page, compare }) => {
  const dialogs: string[] = [];
  page.on("dialog", (dialog) => void (dialogs.push(dialog.message()), dialog.dismiss()));
  for (const text of [
    `<img src=x onerror=alert(1)><script>alert(2)</script>`,
    `"><svg onload=alert(3)><a href="javascript:alert(4)">x</a>`,
    `</title></textarea><iframe srcdoc="<script>alert(5)</script>"></iframe>`,
    "\u202e\u2066evil\ufeff " + "\u0301".repeat(100),
    "=cmd|'/c calc'!A1",
  ]) {
    const hostile = withTexts(card("x", browser(), configuration("webgpu", 1, 900)), text);
    hostile.method.left_out = [{ configuration: text, what: text, reason: text }];
    hostile.configurations[0]!.certificate = null;
    await compare.page.goto("about:blank");
    await compare.open(fragment(JSON.stringify(hostile)));
    await expect(compare.result.getByRole("heading", { level: 3 }).first()).toHaveText(text);
    await expect(compare.comparison.getByRole("table")).toBeVisible();
    await compare.import(JSON.stringify(hostile));
    await expect(compare.history.getByRole("listitem").first()).toContainText(text.slice(0, 20));
    await compare.history.getByRole("button", { name: "Rename" }).first().click();
    await page.keyboard.press("Escape");
    await compare.history.getByRole("button", { name: "Compare" }).first().click();
    for (const button of await compare.result.getByRole("button", { name: "Download SVG" }).all()) {
      const svg = (await compare.saved(button)).content.toString();
      expect(svg).not.toMatch(/<(img|script|iframe|a|foreignObject)[ >]/);
    }
    expect((await compare.saved(compare.button("Export CSV"))).content.toString()).not.toMatch(/(^|,|\n)[=]/);
    const made = await page.evaluate(() => [...document.querySelectorAll("img, iframe, script:not([type=module]), svg script, main a, [onerror], [onload]")].map((element) => element.outerHTML));
    expect(made).toEqual([]);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(overflow).toBe(0);
  }
  expect(dialogs).toEqual([]);
});

test("a card of extremes takes neither the page's time nor its layout", async ({ page, compare }) => {
  await compare.open();
  const many = browser();
  many.tokenize.values = Array.from({ length: 4096 }, (_, i) => i);
  many.prefill[0]!.curve = Array.from({ length: 4096 }, (_, i) => ({ position: 4096 - i, tokens_per_second: i % 2 ? 1e39 : 0 }));
  many.peak = { f32_gmacs: 1e39, f16_gmacs: 0, int8_gmacs: 1e-39, copy_gbs: 1e39 };
  const empty = { ...browser(), prefill: [], decode: [], name: "" };
  const zero = browser();
  zero.prefill[1]!.first_token_ms.values = [0, 0, 0];
  zero.decode[0]!.token_ms.values = [];
  const extreme = card("x".repeat(600), many, empty, zero, ...Array.from({ length: 40 }, () => ({ ...empty, name: "y".repeat(600) })));
  await compare.import(JSON.stringify(extreme));
  await expect(compare.result.getByText("31 more configurations are not shown.")).toBeVisible();
  await compare.import(JSON.stringify(card("", empty)));
  await expect(compare.result.getByRole("heading", { name: "Without a name" })).toBeVisible();
  await compare.import(JSON.stringify(card("None")));
  await expect(compare.result.getByText("nothing was measured")).toBeVisible();
  await compare.history.getByRole("button", { name: "Compare x" }).click();
  await expect(compare.comparison).toContainText("Theirs: xxx");
  await page.setViewportSize({ width: 390, height: 800 });
  await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(0);
});

test("without storage, or with a full one, the result stays and the page says so", async ({ page, compare }) => {
  await page.addInitScript(() => {
    const denied = new URLSearchParams(location.search).has("denied");
    if (denied) IDBFactory.prototype.open = () => { throw new DOMException("denied", "SecurityError"); };
    else IDBObjectStore.prototype.add = () => { throw new DOMException("full", "QuotaExceededError"); };
  });
  await compare.open();
  await compare.import(JSON.stringify(laptop()));
  await expect(compare.result.getByRole("heading", { name: "Laptop" })).toBeVisible();
  await expect(compare.history.getByRole("status")).toContainText("There is no room for the card");
  await expect(compare.importAlert).toBeEmpty();
  await compare.open("&denied");
  await expect(compare.history.getByRole("status")).toContainText("This browser keeps no cards");
  await compare.import(JSON.stringify(laptop()));
  await expect(compare.result.getByRole("heading", { name: "Laptop" })).toBeVisible();
  await expect(compare.button("Export JSON")).toBeEnabled();
});

test("both pages lead to each other", async ({ page, compare }) => {
  await compare.open();
  await page.getByRole("link", { name: "Summarize a document" }).click();
  await expect(page).toHaveURL(/index\.html$/);
  await page.getByRole("link", { name: "Measure and compare devices" }).click();
  await expect(compare.measure).toBeVisible();
});

for (const scheme of ["light", "dark"] as const) {
  for (const width of [1280, 390]) {
    test(`accessible in ${scheme}, ${width} px wide`, async ({ page, compare }) => {
      const name = `compare-${scheme}-${width}`;
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      await page.setViewportSize({ width, height: 800 });
      await compare.open();
      await inspect(page, `${name}-start`);

      await compare.measure.click();
      await expect(compare.state).toHaveText("Measuring");
      await expect(page.locator("#left")).toHaveText(/left$/);
      await inspect(page, `${name}-measuring`);
      await compare.cancel.click();
      await expect(compare.state).toHaveText("Cancelled");

      const unsteady = configuration("wasm-simd", 1, 150);
      unsteady.prefill[0]!.first_token_ms.values = [1000, 1500, 2000, 1200, 3000];
      unsteady.certificate = null;
      const full = card("Laptop", browser(), unsteady, configuration("webgpu", 1, 900), configuration("native", 4, 600));
      full.method.left_out = [{ configuration: "webgpu", what: "prefill of 8192 tokens", reason: "there was no time for it" }];
      await compare.import(JSON.stringify(full));
      await compare.import(JSON.stringify(card("Desktop", configuration("wasm-relaxed-simd", 8, 1600))));
      await compare.history.getByRole("button", { name: "Open Laptop" }).click();
      await expect(compare.result.getByRole("heading", { name: "Laptop" })).toBeVisible();
      await compare.history.getByRole("button", { name: "Compare Desktop" }).click();
      await expect(compare.comparison.getByRole("table")).toBeVisible();
      await compare.history.getByRole("button", { name: "Rename Desktop" }).click();
      for (const summary of await page.getByText(/^(Show as table|Paste a card)/).all()) await summary.click();
      await compare.import("no card");
      await expect(compare.importAlert).toContainText("invalid-card");
      await inspect(page, `${name}-result`);
    });
  }
}

async function inspect(page: Page, name: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(", ")}`)).toEqual([]);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(overflow).toBe(0);
  await page.screenshot({ path: `test-results/pictures/${name}.png`, fullPage: true });
}

/** The JSON of all cards that the page keeps. */
function keptCards(page: Page): Promise<string[]> {
  return page.evaluate(
    () =>
      new Promise<string[]>((resolve, reject) => {
        const opening = indexedDB.open("precis-cards");
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const all = opening.result.transaction("cards").objectStore("cards").getAll();
          all.onsuccess = () => resolve((all.result as { json: string }[]).map(({ json }) => json));
        };
      }),
  );
}
