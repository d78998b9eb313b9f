/** The page in German: found by the browser's languages or chosen, complete, and without a loss of work. */
import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import type {} from "../src/ui/window.js";
import { card, configuration } from "./cards.js";
import { heldAfter, inWorker } from "./faults.js";
import { inspect } from "./inspect.js";
import { ARTICLE, expect, type Precis, test } from "./page.js";
import { repository, tinyModel } from "./paths.js";
import { translations } from "./words.js";

const CATALOGUE = JSON.parse(readFileSync(`${repository}/models/models.json`, "utf8")) as { licence: string }[];

/** Downloads the model on the German page, and waits until it is ready. */
async function getModel({ page, modelState }: Precis): Promise<void> {
  await page.getByRole("button", { name: "Jetzt herunterladen" }).click();
  await expect(modelState).toHaveText("bereit", { timeout: 60_000 });
}

/** Opens the German page with the tiny model, and waits until it is ready. */
async function open(precis: Precis): Promise<void> {
  await precis.page.route("**/models/tiny.gguf", (route) => route.fulfill({ path: tinyModel }));
  await precis.page.goto("/?model=tiny.gguf");
  await getModel(precis);
}

/** Summarizes `text` to the end on the German page. */
async function runInGerman(page: Page, text: string): Promise<void> {
  await page.getByRole("textbox", { name: "Dokument" }).fill(text);
  await page.getByRole("button", { name: "Zusammenfassen", exact: true }).click();
  await expect(page.locator("#stage")).toHaveText("Fertig", { timeout: 90_000 });
}

test.describe("in a browser of an Austrian", () => {
  test.use({ locale: "de-AT" });

  test("the page is German from the start to a summary, its figures and its errors", async ({ page, precis }) => {
    await open(precis);
    await expect(page.locator("html")).toHaveAttribute("lang", "de");
    await expect(page).toHaveTitle("Précis: Dokumente auf dem eigenen Gerät zusammenfassen");
    expect(await page.locator('meta[name="description"]').getAttribute("content")).toMatch(/^Fassen Sie Dokumente/);
    await expect(page.getByRole("combobox", { name: "Sprache" }).locator("option:checked")).toHaveText("Deutsch");
    for (const name of ["Datei öffnen", "Protokoll", "Design: auto"]) await expect(page.getByRole("button", { name })).toBeVisible();
    await runInGerman(page, ARTICLE);
    const { prefill } = (await page.evaluate(() => window.precis.report))!;
    await expect(page.locator("#read")).toHaveText(new RegExp(`^${prefill.tokens.toLocaleString("de")} Tokens in [\\d,.:]+( m?s)? gelesen$`));
    await expect(page.getByRole("region", { name: "Bericht" })).toContainText("auf dem Prozessor");
    await expect(page.locator("#count")).toContainText(`${ARTICLE.length.toLocaleString("de")} Zeichen`);
    await page.getByRole("button", { name: "Kopieren", exact: true }).click();
    await expect(page.locator("#copied-summary")).toHaveText("Kopiert");
    // An error of the page, and one of the engine: with its English message, which has the values.
    await page.getByRole("textbox", { name: "Dokument" }).fill(" ");
    await page.getByRole("button", { name: "Zusammenfassen", exact: true }).click();
    await expect(precis.alert).toHaveText("Das Dokument ist leer: Fügen Sie einen Text ein, oder öffnen Sie einen.");
    await page.locator("#model-file").setInputFiles({ name: "none.gguf", mimeType: "", buffer: Buffer.from("not a model".repeat(9)) });
    const alert = page.locator("#models-alert");
    await expect(alert.locator(".error > p")).toHaveText("Das ist keine Modelldatei: Wählen Sie eine Datei, die auf .gguf endet.");
    await alert.getByText("Meldung auf Englisch").click();
    await expect(alert.locator('[lang="en"]')).toContainText("not a GGUF model file");
  });

  test("without its translations the page is English, and works", async ({ page, precis, complaints }) => {
    await page.route("**/assets/words/**", (route) => route.fulfill({ status: 404 }));
    await precis.open("tiny");
    await precis.run(ARTICLE);
    await expect(page.locator("html")).toHaveAttribute("lang", "en");
    // The browser tells of the missing file.
    expect(complaints.splice(0)).toHaveLength(1);
  });
});

/** English texts whose translation is the same. */
const SAME = translations().flatMap(([, entries]) => Object.entries(entries).filter(([key, entry]) => key === entry).map(([key]) => key));

/** The texts and labels of the page, but for names, what the model wrote, and values of the report. */
const shown = (page: Page) =>
  page.evaluate(() => {
    const texts = new Set<string>();
    const own = 'script, noscript, [translate="no"], #language, #summary-text, #iterations, #models-list .model-title, dd, #device, bdi, .card-name, .headline > p.fine, #cards .fine, #table tbody th, td, thead, .legend, svg, #name';
    const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, (node) =>
      node instanceof Element && node.matches(own) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT,
    );
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const found = node instanceof Element ? ["title", "aria-label", "placeholder", "aria-valuetext"].map((name) => node.getAttribute(name)) : [node.nodeValue];
      for (const text of found) if (/\p{L}{2}/u.test(text ?? "")) texts.add(text!.replace(/\s+/g, " ").trim());
    }
    return [...texts];
  });

test("with German nothing of the page stays English", async ({ page, precis }) => {
  await precis.open("tiny");
  await precis.run(ARTICLE);
  await page.getByRole("button", { name: "Choose model" }).click();
  const english = await shown(page);
  expect(english.length).toBeGreaterThan(150);
  await page.keyboard.press("Escape");
  await page.getByLabel("Language").selectOption({ label: "Deutsch" });
  await getModel(precis);
  await runInGerman(page, ARTICLE);
  await page.getByRole("button", { name: "Modell wählen" }).click();
  const licences = CATALOGUE.map(({ licence }) => licence);
  const german = new Set(await shown(page));
  expect(english.filter((text) => german.has(text) && !SAME.includes(text) && !licences.includes(text))).toEqual([]);
});

test("another language is chosen by its name, kept, and loses nothing", async ({ page, precis }) => {
  const fetched: string[] = [];
  page.on("request", (request) => void (request.url().includes("/words/") && fetched.push(request.url())));
  await precis.open("tiny");
  await precis.run(ARTICLE);
  const summary = await page.locator("#summary-text").innerText();
  // An English visitor gets no translations.
  expect(fetched).toEqual([]);
  await page.getByLabel("Language").selectOption({ label: "Deutsch" });
  await expect(page.getByRole("textbox", { name: "Dokument" })).toHaveValue(ARTICLE);
  await expect(page.locator("#summary-text")).toHaveText(summary, { useInnerText: true });
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("lang", "de");
  await page.getByLabel("Sprache").selectOption({ label: "English" });
  await expect(precis.document).toHaveValue(ARTICLE);
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
  await expect(page.locator("#summary-text")).toHaveText(summary, { useInnerText: true });
});

test("the page asks before a document that it can't keep would be lost", async ({ page, precis }) => {
  await precis.open("tiny");
  await page.locator("#file").setInputFiles({ name: "long.txt", mimeType: "text/plain", buffer: Buffer.from("A sentence of a long text. ".repeat(160_000)) });
  await expect(page.locator("#held")).toBeVisible();
  const asked: string[] = [];
  page.on("dialog", (dialog) => {
    asked.push(dialog.message());
    void dialog.dismiss();
  });
  const language = page.getByLabel("Language");
  await language.selectOption({ label: "Deutsch" });
  await expect(language).toHaveValue("en");
  expect(asked).toEqual([expect.stringContaining("Reload now?")]);
  await expect(page.locator("#held")).toBeVisible();
});

test("the language can't be changed during a run", async ({ page, precis }) => {
  await inWorker(page, heldAfter(3));
  await precis.open("tiny");
  await precis.benchmark.click();
  await precis.summarize.click();
  await expect(page.locator("#read")).toHaveText(/^[1-9]/);
  await expect(page.getByLabel("Language")).toBeDisabled();
  await precis.cancel.click();
  await expect(page.getByLabel("Language")).toBeEnabled();
});

for (const scheme of ["light", "dark"] as const) {
  for (const width of [1280, 320]) {
    test(`accessible in German, in ${scheme}, ${width} px wide`, async ({ page, precis }) => {
      await page.addInitScript(() => localStorage.setItem("precis-language", '"de"'));
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      await page.setViewportSize({ width, height: 800 });
      await open(precis);
      await precis.openAdvanced();
      await precis.openFigures();
      await inspect(page, `german-${scheme}-${width}-start`);
      await runInGerman(page, ARTICLE);
      await page.locator(".cite").first().click();
      await inspect(page, `german-${scheme}-${width}-done`);
      await page.getByRole("button", { name: "Modell wählen" }).click();
      await inspect(page, `german-${scheme}-${width}-models`);
    });
  }
}

for (const width of [1280, 320]) {
  test(`the other pages are German, too, ${width} px wide`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: width === 320 ? "dark" : "light", reducedMotion: "reduce" });
    await page.setViewportSize({ width, height: 800 });
    const laptop = card("Laptop", configuration("wasm-relaxed-simd", 4, 400), configuration("native", 4, 900));
    laptop.method.left_out = [{ configuration: "webgpu", what: "prefill", reason: "no time" }];
    const visit = async (language: string) => {
      await page.goto("/gallery.html");
      await page.evaluate((language) => localStorage.setItem("precis-language", JSON.stringify(language)), language);
      await page.reload();
      await expect(page.locator("tbody tr").first()).toBeVisible();
      const texts = await shown(page);
      await inspect(page, `gallery-${language}-${width}`);
      await page.goto("/compare.html");
      await expect(page.locator("main")).toHaveAttribute("data-ready", "");
      for (const [i, each] of [laptop, card("Desk", configuration("wasm-relaxed-simd", 8, 1600))].entries()) {
        await page.locator("#card-file").setInputFiles({ name: "card.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify(each)) });
        await expect(page.locator("#cards li")).toHaveCount(i + 1);
      }
      await page.locator("#cards li").last().getByRole("button").nth(1).click();
      await expect(page.locator("#comparison table")).toBeVisible();
      texts.push(...(await shown(page)));
      await inspect(page, `compare-${language}-${width}`);
      return texts;
    };
    const english = await visit("en");
    await page.evaluate(() => indexedDB.deleteDatabase("precis-cards"));
    const german = new Set(await visit("de"));
    await expect(page.locator("html")).toHaveAttribute("lang", "de");
    await expect(page.locator("#comparison .verdict")).toHaveText(/ liest \d(,\d+)?-mal so schnell wie /);
    const data = ["GMAC/s", "GB/s", "Browser/1.0", "wasm-relaxed-simd, 8 threads"];
    expect(english.filter((text) => german.has(text) && !SAME.includes(text) && !data.includes(text))).toEqual([]);
  });
}
