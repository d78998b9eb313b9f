import { lookup } from "./words.js";

/** Attributes that people read or hear. */
export const ATTRIBUTES = ["title", "aria-label", "placeholder", "alt"];

/** Elements whose text is no language, stays as it is, or is shown only where no script runs. */
export const SKIPPED = ["script", "style", "noscript"];

/** A text of the HTML as its key among the translations; null if it has no word. White space counts as in HTML. */
export function keyOf(text: string): string | null {
  const key = text.replace(/\s+/g, " ").trim();
  return /\p{L}/u.test(key) ? key : null;
}

/** Replaces the texts of the page, which is in English, by those of the interface's language. */
export function translatePage(): void {
  const skipped = `${SKIPPED.join(", ")}, [translate="no"]`;
  const filter = (node: Node) => (node instanceof Element && node.matches(skipped) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
  const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, filter);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node instanceof Element) translateAttributes(node);
    else translate(node.nodeValue ?? "", (text) => (node.nodeValue = text));
  }
}

function translateAttributes(element: Element): void {
  const names = element.matches('meta[name="description"]') ? ["content"] : ATTRIBUTES;
  for (const name of names) translate(element.getAttribute(name) ?? "", (text) => element.setAttribute(name, text));
}

/** Keeps the white space around the text: it separates elements. */
function translate(text: string, replace: (text: string) => void): void {
  const key = keyOf(text);
  const translation = key === null ? null : lookup(key);
  if (translation !== null) replace(text.replace(/\S[^]*\S|\S/, () => translation));
}
