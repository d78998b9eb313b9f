import { element } from "./dom.js";

/** Downloads `content` as a file. */
export function download(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = element("a", "");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
