// What the scripts do on the page as a person does. They start from the built site, which they serve themselves.

/** @typedef {import("@playwright/test").Page} Page */

/**
 * Downloads the model if the page asks first, and waits until it is ready.
 * @param {Page} page
 */
export async function ready(page) {
  const state = page.locator("#model-state");
  await state.filter({ hasText: /./ }).waitFor();
  const download = page.getByRole("button", { name: "Download now" });
  if (await download.isVisible()) await download.click();
  await state.filter({ hasText: "ready" }).waitFor();
}

/**
 * Summarizes a text in three sentences.
 * @param {Page} page
 * @param {string} text
 */
export async function summarize(page, text) {
  await ready(page);
  await page.getByRole("textbox", { name: "Document" }).fill(text);
  await page.getByLabel("Length").selectOption("short");
  await page.getByRole("button", { name: "Summarize", exact: true }).click();
  await page.locator("#stage", { hasText: "Done" }).waitFor();
}

/**
 * As if the person had accepted the licences at these addresses before the page is opened.
 * @param {Page} page
 * @param {readonly string[]} urls
 */
export async function acceptLicences(page, urls) {
  await page.addInitScript((urls) => localStorage.setItem("precis-licences", JSON.stringify(urls)), urls);
}
