/** Two cards side by side on the comparison page, and the card of a shared link. */
import type { Card } from "../src/package/wasm/simd/precis.js";
import type {} from "../src/ui/window.js";
import { card, configuration } from "./cards.js";
import { Compare, expect, fragment, test } from "./compare.js";

const laptop = () => card("Laptop", configuration("wasm-relaxed-simd", 4, 400));
/** How many times as long the other device took: a swapped reference would give a ratio far below 1. */
const SLOWER = 10;
const READING = "Reading speed, 2,048 tokens (pp2048)";

test("a shared link says whose card it is, and leads to a comparison with one click", async ({ page, compare, browser }) => {
  await compare.open();
  await expect(compare.shared).toBeHidden();
  await compare.run("Phone");
  const theirs = slower((await page.evaluate(() => window.precis.card))!);
  await compare.import(JSON.stringify(theirs));
  await expect(compare.history.getByRole("status")).toHaveText("Added: Phone");
  await compare.button("Copy share link").click();
  await expect(compare.result.getByRole("status")).toContainText("Copied");
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(link).toMatch(/\/compare\.html\?model=tiny\.gguf#card=[\w-]+$/);

  const context = await browser.newContext();
  try {
    const other = new Compare(await context.newPage());
    await other.open(new URL(link).hash);
    const year = theirs.created.slice(0, 4);
    await expect(other.shared).toContainText("This is the result of Phone.");
    await expect(other.shared).toContainText(new RegExp(`Measured on \\d+ \\w+ ${year}, \\d\\d:\\d\\d\\. Self-reported`));
    const mine = other.shared.getByRole("button", { name: "Measure mine" });
    // Above the figures, and on the first screen of a phone.
    await other.page.setViewportSize({ width: 390, height: 700 });
    await expect(mine).toBeInViewport({ ratio: 1 });
    const top = async (of: typeof mine) => (await of.boundingBox())!.y;
    expect(await top(mine)).toBeLessThan(await top(other.result));
    await expect(other.comparison).toBeHidden();
    // Somebody else's card is not kept.
    await expect(other.history.getByRole("listitem")).toHaveCount(0);

    // The note promises a minute, whatever was chosen before.
    await other.page.getByRole("radio", { name: "Standard" }).check();
    await mine.focus();
    await other.page.keyboard.press("Enter");
    await expect(other.cancel).toBeFocused();
    await expect(other.page.getByRole("radio", { name: "Quick" })).toBeChecked();
    await expect(other.comparison.getByRole("heading", { name: "Comparison" })).toBeFocused({ timeout: 90_000 });
    const own = (await other.page.evaluate(() => window.precis.card))!;
    const cells = await row(other, READING).getByRole("cell").allTextContents();
    expect(Number(/^([\d.]+) times as fast(?: \(|$)/.exec(cells[2]!)![1])).toBeCloseTo((SLOWER * speed(own)) / speed(theirs), 0);
    await expect(other.comparison).toContainText(`${own.name} reads ${cells[2]!.replace(/ \(.*/, "")} as Phone, the reference.`);

    // The next time it is compared at once.
    await other.page.goto("about:blank");
    await other.open(new URL(link).hash);
    await expect(row(other, READING)).toContainText("times as fast");
    // From the history, the own card stays in its place.
    await other.history.getByRole("button", { name: `Compare ${own.name}` }).click();
    await expect(heads(other)).toHaveText(["Figure", own.name, "Phone, the reference", "Compared with the reference"]);
  } finally {
    await context.close();
  }
});

test("a shared card without a name is told by its device, and one of another model says so", async ({ compare }) => {
  const nameless = card("", configuration("wasm-relaxed-simd", 4, 200));
  nameless.environment = { ...nameless.environment, logical_cores: 8, user_agent: "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36" };
  await compare.open(fragment(JSON.stringify(nameless)));
  await expect(compare.shared).toContainText("This is the result of a device with 8 cores, Chrome 150. It reads 200 tokens per second.");
  await expect(compare.result.getByRole("heading", { name: "A device with 8 cores, Chrome 150" })).toBeVisible();
  await compare.page.goto(`/compare.html${fragment(JSON.stringify(nameless))}`);
  await expect(compare.shared).toContainText("measured with another model, smollm2-135m-instruct-q4_1");
});

test("ratios have one direction, from the first column to the reference, which can be changed", async ({ page, compare }) => {
  await compare.open();
  await put(compare, card("Desk", configuration("webgpu", 1, 800)));
  await expect(compare.comparison).toBeHidden();
  await compare.history.getByRole("button", { name: "Compare Desk" }).click();
  await expect(compare.history.getByRole("status")).toContainText("There is no other card");
  await put(compare, laptop());
  await compare.history.getByRole("button", { name: "Compare Desk" }).click();
  await expect(compare.comparison.getByRole("heading", { name: "Comparison" })).toBeFocused();
  await expect(heads(compare)).toHaveText(["Figure", "Laptop", "Desk, the reference", "Compared with the reference"]);
  await expect(compare.comparison).toContainText("Laptop reads 0.50 times as fast as Desk, the reference.");
  await expect(row(compare, READING).getByRole("cell")).toHaveText(["400 ± 0", "800 ± 0", "0.50 times as fast"]);
  // A time that is twice as long is not "2.0 times".
  await expect(row(compare, "Time to first token, 2,048 tokens").getByRole("cell")).toHaveText(["5.12 ± 0.00 s", "2.56 ± 0.00 s", "0.50 times as fast"]);
  await expect(compare.comparison).not.toContainText("Different");

  await compare.comparison.getByRole("button", { name: "Swap the reference" }).press("Enter");
  await expect(heads(compare)).toHaveText(["Figure", "Desk", "Laptop, the reference", "Compared with the reference"]);
  await expect(compare.comparison).toContainText("Desk reads 2.0 times as fast as Laptop, the reference.");
  const ratios = await compare.comparison.locator("tbody td:last-child").allTextContents();
  expect(ratios.filter((text) => !/^([\d.]+ times as fast|—)$/.test(text))).toEqual([]);
  await expect(page.getByText("×")).toHaveCount(0);
});

test("a difference that the measurements don't show is none", async ({ compare }) => {
  await compare.open();
  const times = (ms: number) => [1, 1.01, 0.99, 1, 1.02, 0.98, 1].map((part) => ms * part);
  const measured = (name: string, speed: number) => {
    const of = configuration("wasm-relaxed-simd", 4, 400);
    for (const { tokens, first_token_ms } of of.prefill) first_token_ms.values = times((1000 * tokens) / speed);
    const whole = card(name, of);
    whole.method.precision = 0.03;
    return whole;
  };
  await put(compare, measured("Monday", 400));
  await put(compare, measured("Tuesday", 401));
  await compare.history.getByRole("button", { name: "Compare Monday" }).click();
  await expect(compare.comparison).toContainText("These measurements show no difference between how fast Tuesday and Monday, the reference, read (");
  await expect(row(compare, READING).getByRole("cell")).toHaveText([/^401 \(393–409\)$/, /^400 \(392–408\)$/, /^no difference shown \(0\.9\d\d–1\.0\d\)$/]);
  await put(compare, measured("Wednesday", 500));
  await compare.history.getByRole("button", { name: "Compare Monday" }).click();
  await expect(compare.comparison).toContainText("Wednesday reads 1.25 times as fast as Monday, the reference.");
  await expect(row(compare, READING).getByRole("cell").last()).toHaveText(/^1\.25 times as fast \(1\.2\d–1\.2\d\)$/);
});

test("a load from the network is not compared with one from storage", async ({ compare }) => {
  await compare.open();
  const fetched = card("Fetched", configuration("wasm-relaxed-simd", 8, 800));
  fetched.configurations[0]!.loaded_from = "network";
  await put(compare, fetched);
  await put(compare, laptop());
  await compare.history.getByRole("button", { name: "Compare Fetched" }).click();
  for (const label of ["Loading the model", "Preparing the model"]) {
    await expect(row(compare, label).getByRole("cell").last()).toHaveText("not compared: one fetched the model, the other had it kept");
  }
  await expect(row(compare, "Tokenizing").getByRole("cell").last()).toHaveText("1.0 times as fast");
  // Storage and disk are the same in this.
  const native = card("Native", configuration("native", 4, 900));
  native.configurations[0]!.loaded_from = "disk";
  await put(compare, native);
  await compare.history.getByRole("button", { name: "Compare Laptop" }).click();
  await expect(row(compare, "Loading the model").getByRole("cell").last()).toHaveText("1.0 times as fast");
});

test("cards of different models stand side by side without ratios", async ({ compare }) => {
  await compare.open();
  const other = laptop();
  other.model.sha256 = "d".repeat(64);
  await put(compare, { ...other, name: "Other" });
  await put(compare, laptop());
  await compare.history.getByRole("button", { name: "Compare Other" }).click();
  await expect(compare.comparison).toContainText("Different models were measured: the figures can't be compared.");
  await expect(heads(compare)).toHaveText(["Figure", "Laptop", "Other"]);
  await expect(compare.comparison).not.toContainText("times as fast");
  // Where the page chooses the other card, it is rather one of the same model than the newest.
  await put(compare, card("Desk", configuration("webgpu", 1, 800)));
  await put(compare, { ...other, name: "Newest", created: "2026-05-06T07:08:09Z" });
  await compare.history.getByRole("button", { name: "Open Desk" }).click();
  await expect(compare.result.getByRole("heading", { name: "Desk" })).toBeVisible();
  await compare.history.getByRole("button", { name: "Compare Desk" }).click();
  await expect(heads(compare)).toHaveText(["Figure", "Laptop", "Desk, the reference", "Compared with the reference"]);
});

function row(compare: Compare, name: string) {
  return compare.comparison.getByRole("row", { name });
}

function heads(compare: Compare) {
  return compare.comparison.getByRole("columnheader");
}

async function put(compare: Compare, made: Card): Promise<void> {
  await compare.import(JSON.stringify(made));
  await expect(compare.item(made.name)).toBeVisible();
}

/** The card of a slower device. Only its times differ: the engine computes the speeds from them when it opens the card. */
function slower(of: Card): Card {
  const made = structuredClone(of);
  for (const { first_token_ms: times } of made.configurations[0]!.prefill) times.values = times.values.map((ms) => SLOWER * ms);
  return made;
}

function speed({ configurations: [first] }: Card): number {
  return first!.prefill.find(({ tokens }) => tokens === 2048)!.tokens_per_second.median!;
}
