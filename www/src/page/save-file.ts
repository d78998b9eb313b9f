import { element } from "./dom.js";

/** A browser that is busy begins later, and nothing says when it has read a file. */
const KEPT_MS = 60_000;

/** Hands `content` to the person as a file. */
export function download(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = element("a", "");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}
