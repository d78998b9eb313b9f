import { PrecisError } from "../package/api/errors.js";

/** Whether a text is the source of a web page. */
export function isHtml(text: string): boolean {
  return /^\s*(?:<\?xml[^>]*>\s*)?(?:<!--[^]*?-->\s*)*<(?:!doctype\s+html|html)[\s>]/i.test(text.slice(0, 4096));
}

/** Converts the source of a web page to its visible text, with Markdown headings. Uses a worker, because large pages take seconds. */
export function htmlToText(source: string): Promise<string> {
  const worker = new Worker(new URL("./html-worker.js", import.meta.url), { type: "module", name: "precis html" });
  const text = new Promise<string>((resolve, reject) => {
    const failed = (cause: unknown) => reject(new PrecisError("document-not-text", "This web page could not be read: save it as plain text and open that.", { cause }));
    worker.addEventListener("message", ({ data }: MessageEvent<string | null>) => (data === null ? failed("unreadable") : resolve(data)));
    worker.addEventListener("error", failed);
  });
  worker.postMessage(source);
  return text.finally(() => worker.terminate());
}
