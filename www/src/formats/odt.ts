/** OpenDocument texts (LibreOffice): headings, paragraphs, lists, tables and notes of content.xml. */
import { damaged, locked, ofText, type Reader } from "./document.js";
import { walk } from "./xml.js";
import { textOfMember, unpack } from "./zip.js";

const CONTENT = "content.xml";
const MANIFEST = "META-INF/manifest.xml";
/** What a reader of the document does not see: comments, deleted text, the names of forms, and numbers of pages. */
const HIDDEN = new Set(["office:annotation", "text:tracked-changes", "office:forms", "text:sequence-decls", "text:variable-decls", "svg:title", "svg:desc", "text:note-citation", "text:page-number"]);

export const readOdt: Reader = async (bytes) => {
  const members = unpack(bytes, "OpenDocument", (name) => name === CONTENT || name === MANIFEST);
  const manifest = members.get(MANIFEST);
  if (manifest && textOfMember(manifest).includes("encryption-data")) throw locked("OpenDocument");
  const content = members.get(CONTENT);
  if (!content) throw damaged("OpenDocument");
  return ofText(textOf(textOfMember(content)));
};

/** The text of content.xml, with marks of Markdown. */
function textOf(xml: string): string {
  const blocks: string[] = [];
  /** Text of the paragraphs that are open: a note stands within another paragraph. */
  const open: string[] = [];
  const notes: string[] = [];
  let [hidden, lists, inNote] = [0, 0, 0];
  let item = "";
  let row: string[] | null = null;
  const write = (text: string) => {
    if (hidden === 0 && open.length > 0) open[open.length - 1] += text;
  };
  const end = (prefix: string) => {
    const text = (open.pop() ?? "").trim();
    if (text === "") return;
    if (inNote > 0) notes.push(text);
    else if (row) row[row.length - 1] += `${row.at(-1) === "" ? "" : " "}${text.replace(/\s+/g, " ")}`;
    else if (lists > 0 && prefix === "") {
      // The further paragraphs of an item stand below its first.
      blocks.push(`\n${"  ".repeat(lists - 1)}${item}${text.replace(/\n/g, " ")}`);
      item = "  ";
    } else blocks.push(`\n\n${prefix}${text}`);
  };
  let level = 1;
  let isTitle = false;
  walk(xml, {
    open(name, attributes) {
      if (HIDDEN.has(name)) hidden++;
      if (name === "text:p" || name === "text:h") open.push("");
      if (name === "text:p") isTitle = attributes["text:style-name"] === "Title";
      if (name === "text:h") level = Math.min(6, Number(attributes["text:outline-level"]) || 1);
      if (name === "text:list") {
        if (lists === 0) blocks.push("\n");
        lists++;
      }
      if (name === "text:list-item") item = "- ";
      if (name === "text:note") inNote++;
      if (name === "table:table-row" && row === null) row = [];
      if (name === "table:table-cell" && row) row.push("");
      if (name === "table:table") blocks.push("\n");
      if (name === "text:s") write(" ".repeat(Math.min(100, Number(attributes["text:c"]) || 1)));
      if (name === "text:tab") write("\t");
      if (name === "text:line-break") write("\n");
    },
    text: write,
    close(name) {
      if (HIDDEN.has(name)) hidden--;
      if (name === "text:p") end(isTitle ? "# " : "");
      if (name === "text:h") end(`${"#".repeat(level)} `);
      if (name === "text:list") lists--;
      if (name === "text:note") inNote--;
      if (name === "table:table-row" && row) {
        if (row.some((cell) => cell !== "")) blocks.push(`\n| ${row.join(" | ")} |`);
        row = null;
      }
    },
  });
  return [...blocks, ...notes.map((note) => `\n\n${note}`)].join("").trim();
}
