/** Word's DOCX to HTML by mammoth, which knows its styles, lists, tables and footnotes, and is kept since 2013. */
import mammoth from "mammoth";
import { strToU8, zipSync } from "fflate";
import { damaged, noText, type Reader } from "./document.js";
import { withoutHiddenRuns } from "./docx-hidden.js";
import { textOfMember, unpack } from "./zip.js";

/** Titles are no headings for mammoth. */
const STYLES = ["p[style-name='Title'] => h1:fresh", "p[style-name='Subtitle'] => p:fresh"];

/** The numbers of notes in the text, and the arrows back to them. */
const MARKS = /<sup><a href="#(?:foot|end)note-[^"<>]*" id="[^"<>]*">\[\d+\]<\/a><\/sup>| ?<a href="#(?:foot|end)note-ref-[^"<>]*">↑<\/a>/g;

export const readDocx: Reader = async (bytes) => {
  // Mammoth unpacks without a limit, so it gets an archive of the parts that it needs, already unpacked.
  const parts = unpack(bytes, "Word", (name) => /\.(xml|rels)$/i.test(name) && !/^(customXml|docProps|word\/theme)\//.test(name));
  for (const [name, part] of parts) if (/^word\/[^/]+\.xml$/i.test(name)) parts.set(name, strToU8(withoutHiddenRuns(textOfMember(part))));
  const archive = zipSync(Object.fromEntries(parts), { level: 0 });
  let html: string;
  try {
    const convertImage = mammoth.images.imgElement(async () => ({ src: "" }));
    const arrayBuffer = archive.buffer as ArrayBuffer;
    html = (await mammoth.convertToHtml({ arrayBuffer }, { styleMap: STYLES, convertImage })).value;
  } catch (error) {
    throw damaged("Word", error);
  }
  html = html.replace(MARKS, "");
  if (html.trim() === "") throw noText();
  return { parts: [{ html: `<!doctype html><html><body>${html}</body></html>` }] };
};
