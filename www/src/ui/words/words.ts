/**
 * The page's texts in the language of the interface. The English text is the key. The translations to a language are a file of this
 * folder, named after it: `de.json`. What it lacks stays English.
 */

/** A translation, or one for each plural category of the language. */
export type Entry = string | Partial<Record<Intl.LDMLPluralRule, string>>;
export type Translations = Readonly<Record<string, Entry>>;

let tag = "en";
let translations: Translations = {};

/** The tag of the interface's language. */
export function language(): string {
  return tag;
}

/** Makes all later texts and figures be in this language. */
export function useLanguage(wanted: string, entries: Translations): void {
  tag = wanted;
  translations = entries;
}

/** Names of the placeholders in a text, such as "done" in "{done} bytes". */
type Names<Text> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;
/** What has to be given for a text: nothing if it has no placeholders. */
type Values<Text> = [Names<Text>] extends [never] ? [] : [Record<Names<Text>, string>];
/** The same for a text with a number. */
type CountedValues<Text> = [Exclude<Names<Text>, "count">] extends [never] ? [] : [Record<Exclude<Names<Text>, "count">, string>];

/** The translation of an English text without placeholders; null if there is none. */
export function lookup(english: string): string | null {
  const entry = translations[english];
  return typeof entry === "string" ? entry : null;
}

/** This English text in the interface's language. It must be a literal: a test compares all of them with the translations. */
export function t<Text extends string>(english: Text, ...[values]: Values<Text>): string {
  return filled(lookup(english) ?? english, values ?? {});
}

/** The same for `count` things, which are `{count}` in the text. The key is `other`, the English plural. */
export function tn<Other extends string>(count: number, one: string, other: Other, ...[values]: CountedValues<Other>): string {
  const entry = translations[other];
  const [rules, forms] = typeof entry === "object" ? [tag, entry] : ["en", { one, other }];
  const form = forms[new Intl.PluralRules(rules).select(count)] ?? other;
  return filled(form, { ...values, count: whole(count) });
}

/** The same for values that are elements: the parts of the text, to be appended. */
export function tNodes<Text extends string>(english: Text, values: Record<Names<Text>, string | Node>): (string | Node)[] {
  const given: Readonly<Record<string, string | Node>> = values;
  // Every second part is the name of a placeholder.
  return (lookup(english) ?? english).split(/\{(\w+)\}/).map((part, i) => (i % 2 === 0 ? part : (given[part] ?? part)));
}

function filled(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (placeholder, name: string) => values[name] ?? placeholder);
}

/** Formats numbers in the interface's language, which is known only after all modules are loaded. */
export function numbers(options: Intl.NumberFormatOptions): (value: number) => string {
  let made: { tag: string; format: Intl.NumberFormat } | null = null;
  return (value) => {
    if (made?.tag !== tag) made = { tag, format: new Intl.NumberFormat(tag, options) };
    return made.format.format(value);
  };
}

/** 44979 as 44,979. */
export const whole = numbers({ maximumFractionDigits: 0 });
