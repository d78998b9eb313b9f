/** A worker that converts the source of web pages to text. */
import { convert, type DomNode, type FormatCallback } from "html-to-text";

const heading: FormatCallback = (element: DomNode, walk, builder) => {
  const level = Number(element.name?.slice(1)) || 1;
  builder.openBlock({ leadingLineBreaks: 2 });
  builder.addInline(`${"#".repeat(level)} `);
  walk(element.children ?? [], builder);
  builder.closeBlock({ trailingLineBreaks: 2 });
};

const options = {
  wordwrap: false,
  formatters: { markdownHeading: heading },
  selectors: [
    ...["h1", "h2", "h3", "h4", "h5", "h6"].map((selector) => ({ selector, format: "markdownHeading" })),
    ...["img", "nav", "script", "style", "noscript", "template"].map((selector) => ({ selector, format: "skip" })),
    { selector: "a", options: { ignoreHref: true } },
    { selector: "table", format: "dataTable" },
  ],
} as const;

addEventListener("message", ({ data }: MessageEvent<string>) => {
  try {
    postMessage(convert(data, options as never).trim());
  } catch {
    postMessage(null);
  }
});
