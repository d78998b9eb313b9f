/** The cards of the comparison page: kept, shared, compared, and what others may send. */
import { randomBytes } from "node:crypto";
import { choicesFor, isDefault } from "../src/benchmark/choices.js";
import { rounded, ticks } from "../src/benchmark/axis.js";
import { drawBars } from "../src/benchmark/bars.js";
import { timesAsFast } from "../src/benchmark/comparison.js";
import { deviceOf } from "../src/benchmark/device.js";
import { outliers, shown, type Unit } from "../src/benchmark/figures.js";
import { ratioInterval } from "../src/benchmark/ratio.js";
import { card, configuration, withTexts } from "./cards.js";
import { expect, fragment, test } from "./compare.js";

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
  const spread = (median: number, mad: number, values = 5, outliers: number[] = []) => ({ median, mad, min: median, max: median, low: null, high: null, values: Array(values).fill(median) as number[], outliers });
  const figure = (unit: Unit, median: number, mad: number) => shown({ label: "", unit, value: median, spread: spread(median, mad) });
  expect([figure("tokens/s", 341.2, 85.33), figure("tokens/s", 87.44, 1.234), figure("tokens/s", 5.678, 0.04), figure("tokens/s", 123_456, 6789)]).toEqual(["341 ± 85", "87.4 ± 1.2", "5.7 ± 0.0", "123,456 ± 6,789"]);
  expect([figure("ms", 4.23, 0.2), figure("ms", 412.4, 12.3), figure("ms", 1234, 56), figure("ms", 45_678, 1234), figure("ms", 754_000, 1234)]).toEqual(["4.2 ± 0.2 ms", "412 ± 12 ms", "1.23 ± 0.06 s", "45.7 ± 1.2 s", "12:34 ± 1.23 s"]);
  const known = (unit: Unit, median: number, low: number, high: number) => shown({ label: "", unit, value: median, spread: { ...spread(median, 1), low, high } });
  expect([known("tokens/s", 341.2, 338.1, 345), known("tokens/s", 8.64, 8.5, 9.71), known("ms", 412.4, 410, 415), known("ms", 1234, 980, 1250)]).toEqual(["341 (338–345)", "8.6 (8.5–9.7)", "412 ms (410–415 ms)", "1.23 s (980 ms–1.25 s)"]);
  const counted = (at: number[]) => outliers({ label: "", unit: "ms", value: 1, spread: spread(1, 0, 5, at) });
  expect([counted([]), counted([3]), counted([0, 3])]).toEqual(["", "1 of 5 is an outlier", "2 of 5 are outliers"]);
  expect([timesAsFast(300, 150, "tokens/s"), timesAsFast(1, 3, "tokens/s"), timesAsFast(300, 150, "ms"), timesAsFast(100, 180, "ms")]).toEqual(["2.0 times as fast", "0.33 times as fast", "0.50 times as fast", "1.8 times as fast"]);
  expect([timesAsFast(1, 0, "ms"), timesAsFast(0, 1, "ms"), timesAsFast(null, 1, "ms"), timesAsFast(1, null, "ms"), timesAsFast(2, 1, "bytes"), timesAsFast(2, 1, "%")]).toEqual(Array(6).fill("—"));
  expect([ticks(1000), ticks(85), ticks(2.4)]).toEqual([[0, 200, 400, 600, 800, 1000], [0, 20, 40, 60, 80], [0, 0.5, 1, 1.5, 2]]);
});

test("a ratio has an interval, which is the same each time", () => {
  const about = (speed: number) => [0.99, 1, 1.01, 1, 0.98, 1.02, 1, 1.3, 1].map((part) => speed * part);
  const [low, high] = ratioInterval(about(200), about(100))!;
  expect(low).toBeGreaterThan(1.9);
  expect(low).toBeLessThanOrEqual(2);
  expect(high).toBeGreaterThanOrEqual(2);
  expect(high).toBeLessThan(2.1);
  expect(ratioInterval(about(200), about(100))).toEqual([low, high]);
  // Two that differ by less than they vary.
  const [below, above] = ratioInterval(about(100), about(100.4))!;
  expect(below < 1 && above > 1).toBe(true);
  // Too few, or what no clock measured.
  expect([ratioInterval(about(1).slice(0, 5), about(1)), ratioInterval([...about(1), 0], about(1)), ratioInterval([], [])]).toEqual([null, null, null]);
});

test("bars stand on an axis from 0, with numbers that do not overlap and a unit", () => {
  for (const [value, end] of [[404, 500], [400, 400], [1.01, 1.2], [87, 100], [0.6, 0.6]] as const) expect(rounded(value)).toBeCloseTo(end);
  expect(ticks(rounded(1.01))).toHaveLength(7);
  for (const [value, width, numbers] of [[412, 600, ["0", "100", "200", "300", "400", "500"]], [412, 120, ["0", "200", "400"]], [1234, 300, ["0", "500", "1K", "1.5K"]], [1e39, 300, null], [0, 300, ["0", "0.2", "0.4", "0.6", "0.8", "1"]]] as const) {
    const figure = { label: "512 tokens", unit: "tokens/s" as const, value, spread: null };
    const { shapes, height } = drawBars([{ label: "512 tokens", unit: "tokens/s", bars: [{ name: "CPU", series: 0, figure }] }], width);
    const texts = shapes.filter((shape) => shape.type === "text");
    expect(texts.at(-1)!.text).toBe("tokens per second");
    const found = texts.slice(3, -1);
    if (numbers) expect(found.map(({ text }) => text)).toEqual(numbers);
    expect(found[0]!.x).toBe(0);
    const spans = found.map(({ x, text, anchor }) => {
      const long = text.length * 6.5;
      const from = anchor === "end" ? x - long : anchor === "middle" ? x - long / 2 : x;
      return [from, from + long] as const;
    });
    spans.forEach(([from, to], i) => expect([from >= (spans[i - 1]?.[1] ?? 0), to <= width]).toEqual([true, true]));
    // The bar ends where the axis has its value.
    const bar = shapes.findLast((shape) => shape.type === "rect")!;
    expect(bar.width).toBeCloseTo((value / rounded(value || 1)) * width);
    expect(Math.max(...texts.map(({ y }) => y))).toBeLessThan(height);
  }
});

test("a device without a name is told by its cores and its browser", () => {
  const named = (name: string, agent: string | null, cores: number | null) => {
    const made = card(name);
    return deviceOf({ ...made, environment: { ...made.environment, user_agent: agent, logical_cores: cores } });
  };
  const chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36";
  expect(named(" Phone ", chrome, 8)).toBe("Phone");
  expect(named(" ", chrome, 8)).toBe("a device with 8 cores, Chrome 150");
  expect(named("", chrome.replace("Chrome", "HeadlessChrome"), 1)).toBe("a device with 1 core, Chrome 150");
  expect(named("", `${chrome} Edg/150.0.0.0`, 8)).toBe("a device with 8 cores, Edge 150");
  const iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0";
  expect(named("", `${iphone} EdgiOS/150.0.0.0 Mobile/15E148 Safari/605.1.15`, null)).toBe("a device with Edge 150");
  expect(named("", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:152.0) Gecko/20100101 Firefox/152.0", null)).toBe("a device with Firefox 152");
  expect(named("", `${iphone} Mobile/15E148 Safari/604.1`, 4)).toBe("a device with 4 cores, Safari 26");
  expect(named("", "x86_64-linux", 2)).toBe("a device with 2 cores");
  expect(named("", null, null)).toBe("a device without a name");
  expect([...named("😀".repeat(600), null, null)]).toHaveLength(60);
});

test("the browser overhead is shown for a native card with as many threads", async ({ compare }) => {
  await compare.open();
  await compare.import(JSON.stringify(card("Laptop", configuration("native", 1, 300), configuration("native", 4, 1000))));
  await expect(compare.item("Laptop")).toHaveCount(1);
  await expect(compare.result.getByRole("table", { name: "Browser overhead" })).toHaveCount(0);
  await compare.import(JSON.stringify({ ...laptop(), name: "Laptop in Chrome" }));
  const overhead = compare.result.getByRole("table", { name: "Browser overhead" });
  await expect(overhead.getByRole("row", { name: "2,048 tokens" }).getByRole("cell")).toHaveText(["400", "1,000", "0.40 times as fast"]);
  // A card that has both needs no other.
  await compare.import(JSON.stringify(card("Both", configuration("native", 4, 600), browser())));
  await expect(compare.result.getByRole("heading", { name: "Both" })).toBeVisible();
  await expect(overhead.getByRole("row", { name: "2,048 tokens" }).getByRole("cell")).toHaveText(["400", "600", "0.67 times as fast"]);
  await compare.history.getByRole("button", { name: "Delete Both" }).click();
  await expect(compare.item("Both")).toHaveCount(0);
  // The native card says the same of the newest browser card.
  await compare.history.getByRole("button", { name: /^Open Laptop,/ }).click();
  await expect(compare.result.getByRole("heading", { name: "Laptop", exact: true })).toBeVisible();
  await expect(overhead.getByRole("row", { name: "512 tokens" }).getByRole("cell")).toHaveText(["400", "1,000", "0.40 times as fast"]);
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
  await expect(compare.item("Wrong")).toContainText("Invalid: do not trust these figures");
  await expect(compare.item("Wrong")).not.toContainText("documents a minute");
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
    await expect(compare.result.getByRole("heading", { level: 3 }).first()).toContainText(text.slice(0, 20));
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
  await expect(compare.result).not.toContainText(/x{61}|y{61}/);
  await compare.import(JSON.stringify(card("", empty)));
  await expect(compare.result.getByRole("heading", { name: "A device with 4 cores" })).toBeVisible();
  await compare.import(JSON.stringify(card("None")));
  await expect(compare.result.getByText("nothing was measured")).toBeVisible();
  await compare.history.getByRole("button", { name: "Compare x" }).click();
  await expect(compare.comparison).toContainText("xxx");
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
