/** The cards of the comparison page: kept, shared, compared, and what others may send. */
import { randomBytes } from "node:crypto";
import type { Page } from "@playwright/test";
import { choicesFor, isDefault } from "../src/benchmark/choices.js";
import { ticks } from "../src/benchmark/curves.js";
import { outliers, ratio, shown, type Unit } from "../src/benchmark/figures.js";
import { card, configuration, withTexts } from "./cards.js";
import { Compare, expect, fragment, test } from "./compare.js";

const browser = () => configuration("wasm-relaxed-simd", 4, 400);
const laptop = () => card("Laptop", browser());

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
  await page.reload();
  await expect(compare.history.getByText("No cards yet")).toBeVisible();

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
    await expect(other.comparison).toContainText("You have no card yet");
    const row = (name: string) => other.comparison.getByRole("table").getByRole("row", { name });
    await expect(row("Prefill, 2,048 tokens (pp2048)").getByRole("cell")).toHaveText(["200 ± 0", "—", "—"]);
    // Somebody else's card is not kept.
    await expect(other.history.getByRole("listitem")).toHaveCount(0);

    await other.run("Mine");
    await other.open(new URL(link).hash.replace(/^/, "&again=1"));
    const mine = JSON.parse((await keptCards(other.page))[0]!) as ReturnType<typeof laptop>;
    const own = mine.configurations[0]!.prefill.find(({ tokens }) => tokens === 2048)!.tokens_per_second.median!;
    const cells = await row("Prefill, 2,048 tokens (pp2048)").getByRole("cell").allTextContents();
    expect(cells[0]).toBe("200 ± 0");
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

test("two cards from elsewhere are compared with each other", async ({ compare }) => {
  await compare.open();
  await compare.import(JSON.stringify(card("Desk", configuration("webgpu", 1, 800))));
  await expect(compare.item("Desk")).toBeVisible();
  await compare.import(JSON.stringify(laptop()));
  await expect(compare.item("Laptop")).toBeVisible();
  await compare.history.getByRole("button", { name: "Compare Desk" }).click();
  const figures = compare.comparison.getByRole("table");
  await expect(figures.getByRole("columnheader")).toHaveText(["Figure", "Theirs", "Open card", "Theirs ÷ open card"]);
  await expect(figures.getByRole("row", { name: "Prefill, 512 tokens" }).getByRole("cell")).toHaveText(["800 ± 0", "400 ± 0", "2.0×"]);
  await expect(figures.getByRole("row", { name: "Time to first token, 2,048 tokens" }).getByRole("cell")).toHaveText(["2.56 ± 0.00 s", "5.12 ± 0.00 s", "0.50×"]);
  await expect(compare.comparison).not.toContainText("Different");
});

test("what can be measured depends on the browser", () => {
  const ids = (relaxed: boolean, isolated: boolean, cores: number, gpu: boolean) => choicesFor({ simd: true, relaxed, isolated, cores }, gpu).map(({ id }) => id);
  expect(ids(true, true, 8, true)).toEqual(["auto", "simd", "relaxed-1", "relaxed", "webgpu"]);
  expect(ids(true, true, 1, false)).toEqual(["auto", "simd", "relaxed-1"]);
  expect(ids(true, false, 8, false)).toEqual(["auto", "simd", "relaxed-1"]);
  expect(ids(false, true, 8, true)).toEqual(["auto", "simd", "webgpu"]);
  const all = choicesFor({ simd: true, relaxed: true, isolated: true, cores: 64 }, true);
  expect(all[3]!.label).toContain("16 threads");
  expect(all.map((choice) => [isDefault(choice, true), isDefault(choice, false)])).toEqual([[true, false], [false, true], [false, true], [false, true], [false, true]]);
});

test("figures, ratios and axes are written as a reader would", () => {
  const spread = (median: number, mad: number, values = 5, outliers: number[] = []) => ({ median, mad, min: median, max: median, values: Array(values).fill(median) as number[], outliers });
  const figure = (unit: Unit, median: number, mad: number) => shown({ label: "", unit, value: median, spread: spread(median, mad) });
  expect([figure("tokens/s", 341.2, 85.33), figure("tokens/s", 87.44, 1.234), figure("tokens/s", 5.678, 0.04), figure("tokens/s", 123_456, 6789)]).toEqual(["341 ± 85", "87.4 ± 1.2", "5.7 ± 0.0", "123,456 ± 6,789"]);
  expect([figure("ms", 4.23, 0.2), figure("ms", 412.4, 12.3), figure("ms", 1234, 56), figure("ms", 45_678, 1234), figure("ms", 754_000, 1234)]).toEqual(["4.2 ± 0.2 ms", "412 ± 12 ms", "1.23 ± 0.06 s", "45.7 ± 1.2 s", "12:34 ± 1.23 s"]);
  const counted = (at: number[]) => outliers({ label: "", unit: "ms", value: 1, spread: spread(1, 0, 5, at) });
  expect([counted([]), counted([3]), counted([0, 3])]).toEqual(["", "1 of 5 is an outlier", "2 of 5 are outliers"]);
  expect([ratio(300, 150), ratio(1, 3), ratio(1, 0), ratio(null, 1), ratio(1, null)]).toEqual(["2.0×", "0.33×", "—", "—", "—"]);
  expect([ticks(1000), ticks(85), ticks(2.4)]).toEqual([[0, 200, 400, 600, 800, 1000], [0, 20, 40, 60, 80], [0, 0.5, 1, 1.5, 2]]);
});

test("the browser overhead is shown for a native card with as many threads", async ({ compare }) => {
  await compare.open();
  await compare.import(JSON.stringify(card("Laptop", configuration("native", 1, 300), configuration("native", 4, 1000))));
  await expect(compare.item("Laptop")).toHaveCount(1);
  await expect(compare.result.getByRole("table", { name: "Browser overhead" })).toHaveCount(0);
  await compare.import(JSON.stringify({ ...laptop(), name: "Laptop in Chrome" }));
  const overhead = compare.result.getByRole("table", { name: "Browser overhead" });
  await expect(overhead.getByRole("row", { name: "2,048 tokens" }).getByRole("cell")).toHaveText(["1,000", "400", "2.5×"]);
  // A card that has both needs no other.
  await compare.import(JSON.stringify(card("Both", configuration("native", 4, 600), browser())));
  await expect(compare.result.getByRole("heading", { name: "Both" })).toBeVisible();
  await expect(overhead.getByRole("row", { name: "2,048 tokens" }).getByRole("cell")).toHaveText(["600", "400", "1.5×"]);
  await compare.history.getByRole("button", { name: "Delete Both" }).click();
  await expect(compare.item("Both")).toHaveCount(0);
  // The native card says the same of the newest browser card.
  await compare.history.getByRole("button", { name: /^Open Laptop,/ }).click();
  await expect(compare.result.getByRole("heading", { name: "Laptop", exact: true })).toBeVisible();
  await expect(overhead.getByRole("row", { name: "512 tokens" }).getByRole("cell")).toHaveText(["1,000", "400", "2.5×"]);
});

test("marks are computed here, whatever a card says of itself", async ({ compare }) => {
  await compare.open();
  const wrong = browser();
  wrong.certificate!.distance = 0.5;
  wrong.certificate!.bound = 1;
  wrong.prefill[0]!.first_token_ms.values = [1000, 1500, 2000, 1200, 3000];
  wrong.score = 1e9;
  await compare.import(JSON.stringify(card("Wrong", wrong)));
  await expect(compare.result.getByRole("heading", { name: "Invalid: do not trust these figures" })).toBeVisible();
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
    [json.replace('"Laptop"', `"${"x".repeat(1 << 20)}"`), /bytes, and the limit is 1048576/],
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
    await expect(compare.importAlert.locator(".error"), content.slice(0, 80)).toHaveAttribute("data-code", "invalid-card");
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
    await expect(compare.linkAlert.locator(".error"), end.slice(0, 40)).toHaveAttribute("data-code", "invalid-card");
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
    const made = await page.evaluate(() => [...document.querySelectorAll("img, iframe, script:not([type=module], [src$='/theme.js']), svg script, main a, [onerror], [onload]")].map((element) => element.outerHTML));
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
  many.peak = { f32_gmacs: 1e39, f16_gmacs: 0, int8_gmacs: 1e-30, copy_gbs: 1e39 };
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
  await expect(compare.history.getByRole("status")).toContainText("has no space for the card");
  await expect(compare.importAlert).toBeEmpty();
  await compare.open("&denied");
  await expect(compare.history.getByRole("status")).toContainText("This browser does not store cards");
  await compare.import(JSON.stringify(laptop()));
  await expect(compare.result.getByRole("heading", { name: "Laptop" })).toBeVisible();
  await expect(compare.button("Export JSON")).toBeEnabled();
});

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
