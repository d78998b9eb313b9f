/** Finds the English texts of the page, and what the translations to a language lack of them. */
import { readdirSync, readFileSync } from "node:fs";
import { ElementType, parseDocument } from "htmlparser2";
import { parseAst } from "rolldown/parseAst";
import { ATTRIBUTES, keyOf, SKIPPED } from "../src/ui/words/html.js";
import type { Translations } from "../src/ui/words/words.js";
import { repository } from "./paths.js";

/** English texts: where each stands, and whether it has a number that decides between singular and plural. */
export type Texts = Map<string, { where: string; isCounted: boolean }>;

const www = `${repository}/www`;

/** All texts of the pages that have the field "Language", and of the scripts. */
export function englishTexts(): Texts {
  const texts: Texts = new Map();
  for (const file of readdirSync(www).filter((file) => file.endsWith(".html"))) {
    const html = readFileSync(`${www}/${file}`, "utf8");
    if (html.includes('id="language"')) ofHtml(parseDocument(html).children, (text) => texts.set(text, { where: file, isCounted: false }));
  }
  for (const file of readdirSync(`${www}/src`, { recursive: true, encoding: "utf8" }).filter((file) => /(?<!\.d)\.ts$/.test(file))) ofScript(file, texts);
  return texts;
}

/** The translations by their languages. */
export function translations(): [string, Translations][] {
  const folder = `${www}/src/ui/words`;
  const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
  return files.map((file) => [file.replace(".json", ""), JSON.parse(readFileSync(`${folder}/${file}`, "utf8")) as Translations]);
}

type Nodes = ReturnType<typeof parseDocument>["children"];

function ofHtml(nodes: Nodes, add: (text: string) => void): void {
  const take = (text: string | undefined) => {
    const key = keyOf(text ?? "");
    if (key !== null) add(key);
  };
  for (const node of nodes) {
    if (node.type === ElementType.Text) take(node.data);
    if (!("attribs" in node) || SKIPPED.includes(node.name) || node.attribs.translate === "no") continue;
    for (const name of node.attribs.name === "description" ? ["content"] : ATTRIBUTES) take(node.attribs[name]);
    ofHtml(node.children, add);
  }
}

/** A node of the syntax tree. Of its properties only those of calls are read. */
interface SyntaxNode {
  type: string;
  name?: string;
  value?: unknown;
  callee?: SyntaxNode;
  arguments?: SyntaxNode[];
}

/** The texts given to `t`, `tn` and `tNodes`, and the messages without values of formats, which can't import these. */
function ofScript(file: string, texts: Texts): void {
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    if (Array.isArray(node)) return node.forEach(visit);
    const { type, callee, arguments: given = [] } = node as SyntaxNode;
    const called = type === "CallExpression" || type === "NewExpression" ? callee?.name : undefined;
    const text = given[called === "t" || called === "tNodes" ? 0 : called === "tn" ? 2 : 1]?.value;
    if (called === "t" || called === "tn" || called === "tNodes") {
      if (typeof text !== "string") throw new Error(`${file}: a text given to ${called} is no literal`);
      texts.set(text, { where: file, isCounted: called === "tn" });
    } else if (called === "PrecisError" && file.startsWith("formats/") && typeof text === "string") texts.set(text, { where: file, isCounted: false });
    Object.values(node).forEach(visit);
  };
  visit(parseAst(readFileSync(`${www}/src/${file}`, "utf8"), { lang: "ts" }));
}

/** What is wrong in the translations to a language. */
export function complaints(tag: string, entries: Translations, texts: Texts): string[] {
  const found = Object.keys(entries).filter((key) => !texts.has(key)).map((key) => `superfluous: ${key}`);
  const categories = new Intl.PluralRules(tag).resolvedOptions().pluralCategories;
  for (const [key, { where, isCounted }] of texts) {
    const entry = entries[key];
    if (entry === undefined) found.push(`missing, of ${where}: ${key}`);
    else if ((typeof entry === "object") !== isCounted) found.push(`${isCounted ? "needs plural forms" : "has plural forms"}: ${key}`);
    else {
      const forms = typeof entry === "string" ? { text: entry } : entry;
      if (isCounted && Object.keys(forms).sort().join() !== [...categories].sort().join()) found.push(`needs the forms ${categories.join(", ")}: ${key}`);
      for (const form of Object.values(forms)) if (placeholders(form, isCounted) !== placeholders(key, isCounted)) found.push(`another placeholder in “${form}”: ${key}`);
    }
  }
  return found;
}

/** The placeholders of a text. A form of one or two need not name its number. */
function placeholders(text: string, isCounted: boolean): string {
  return [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).filter((name) => !isCounted || name !== "count").sort().join();
}
