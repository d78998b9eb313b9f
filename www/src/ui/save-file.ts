import { element } from "./dom.js";

/** Hands `content` to the person as a file. */
export function download(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = element("a", "");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
