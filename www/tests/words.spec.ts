/** Every text of the page is translated to each language. No browser is needed. */
import { expect, test } from "@playwright/test";
import { clock, compact, duration, inWords, measured, megabytes, tokens } from "../src/ui/format.js";
import { messageOf, PageError } from "../src/ui/words/errors.js";
import { lookup, t, tn, useLanguage } from "../src/ui/words/words.js";
import { PrecisError } from "../src/package/api/errors.js";
import { complaints, englishTexts, type Texts, translations } from "./words.js";

test.afterEach(() => useLanguage("en", {}));

for (const [tag, entries] of translations()) {
  test(`the file of "${tag}" has every text of the page, and no other`, () => {
    expect(complaints(tag, entries, englishTexts())).toEqual([]);
  });
}

test("faults of translations are found by name", () => {
  const texts: Texts = new Map([
    ["Stop", { where: "a.ts", isCounted: false }],
    ["Copied", { where: "a.ts", isCounted: false }],
    ["{done} of {total}", { where: "a.ts", isCounted: false }],
    ["{count} tokens", { where: "b.ts", isCounted: true }],
    ["{count} parts of {total}", { where: "b.ts", isCounted: true }],
  ]);
  const good = { Stop: "Halt", Copied: "Kopiert", "{done} of {total}": "{total}, davon {done}", "{count} tokens": { one: "ein Token", other: "{count} Token" }, "{count} parts of {total}": { one: "ein Teil von {total}", other: "{count} Teile von {total}" } };
  expect(complaints("de", good, texts)).toEqual([]);
  const { Stop: _, ...lacking } = good;
  expect(complaints("de", { ...lacking, Go: "Los" }, texts)).toEqual(["superfluous: Go", "missing, of a.ts: Stop"]);
  expect(complaints("de", { ...good, "{done} of {total}": "{done} von {all}" }, texts)).toEqual(["another placeholder in “{done} von {all}”: {done} of {total}"]);
  expect(complaints("de", { ...good, "{count} tokens": "{count} Token", Copied: { other: "Kopiert" } }, texts)).toEqual(["has plural forms: Copied", "needs plural forms: {count} tokens"]);
  expect(complaints("de", { ...good, "{count} parts of {total}": { other: "{count} Teile" } }, texts)).toEqual(["needs the forms one, other: {count} parts of {total}", "another placeholder in “{count} Teile”: {count} parts of {total}"]);
});

test("the texts that the guard finds are those of the page", () => {
  const texts = englishTexts();
  // Of the HTML: text, an attribute, the title and the description.
  for (const text of ["Summarize", "File", "Précis: summarize a document on your own device"]) expect(texts.get(text)?.where).toBe("index.html");
  expect([...texts.keys()].some((text) => text.startsWith("Summarize any document with a language model that runs on your own device"))).toBe(true);
  expect(texts.get("{count} tokens")).toEqual({ where: "ui/format.ts", isCounted: true });
  expect(texts.get("This file has no text: open another file, or paste a text.")?.where).toBe("formats/document.ts");
  // Names and scripts are no texts.
  for (const text of ["Précis", "SmolLM2 135M Instruct Q4_1", "English"]) expect(texts.has(text)).toBe(false);
});

test("texts take their values, and the plural form of their language", () => {
  expect([t("Copied"), t("{done} of {total}", { done: "1", total: "$&" }), tokens(1), tokens(1200)]).toEqual(["Copied", "1 of $&", "1 token", "1,200 tokens"]);
  useLanguage("pl", { "{count} tokens": { one: "{count} token", few: "{count} tokeny", many: "{count} tokenów", other: "{count} tokena" }, "{done} of {total}": "{total}: {done}" });
  expect([1, 2, 5, 22].map((count) => tokens(count))).toEqual(["1 token", "2 tokeny", "5 tokenów", "22 tokeny"]);
  expect(t("{done} of {total}", { done: "1", total: "2" })).toBe("2: 1");
  // What is not translated stays English.
  expect([t("Copied"), lookup("Copied"), tn(1, "{count} part of {all}", "{count} parts of {all}", { all: "x" })]).toEqual(["Copied", null, "1 part of x"]);
});

test("figures follow the language", () => {
  useLanguage("de", {});
  expect([measured(87.44), measured(0.5234), measured(1234.5), compact(134_515_008), duration(1234), inWords(90_000), clock(5000), megabytes(2.5e9)]).toEqual(
    ["87,4", "0,52", "1.235", "135\u00a0Mio.", "1,23 s", "2 min", "0:05", "2,5 GB"],
  );
});

test("an error is told by its own message, else by its code, with the English message for what that leaves out", () => {
  const full = new PrecisError("storage-full", "There is not enough space: it needs 98 MB.");
  expect(messageOf(full)).toEqual({ message: full.message, details: null });
  useLanguage("de", { "There is not enough space for the model: delete another model, or free some space on the device.": "Kein Platz.", "This file has no text.": "Ohne Text." });
  expect(messageOf(full)).toEqual({ message: "Kein Platz.", details: full.message });
  expect(messageOf(new PrecisError("empty-document", "This file has no text."))).toEqual({ message: "Ohne Text.", details: null });
  expect(messageOf(new PageError("storage-full", "Schon übersetzt."))).toEqual({ message: "Schon übersetzt.", details: null });
  expect(messageOf(new PrecisError("destroyed", "It was destroyed."))).toEqual({ message: "It was destroyed.", details: null });
});
