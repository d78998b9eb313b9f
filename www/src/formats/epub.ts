/** EPUB books: the chapters in the order in which they are read. */
import { PrecisError } from "../package/api/errors.js";
import { damaged, noText, type Opened, type Reader } from "./document.js";
import { walk } from "./xml.js";
import { textOfMember, unpack } from "./zip.js";

const CONTAINER = "META-INF/container.xml";
const ENCRYPTION = "META-INF/encryption.xml";
/** Fonts may be garbled by these; the text is not. */
const FONT_METHODS = /^http:\/\/(www\.idpf\.org\/2008\/embedding|ns\.adobe\.com\/pdf\/enc#RC)$/;

/** Short links. */
const LINKS = /<a\b[^<>]*>[^<>]{0,9}<\/a>/g;

/** What marks those that are the numbers of notes, or lead back from them. */
const NOTE_MARK = /noteref|doc-backlink|footnote-back/;

export const readEpub: Reader = async (bytes) => {
  const members = unpack(bytes, "EPUB", (name) => [CONTAINER, ENCRYPTION].includes(name) || /\.(opf|x?html?|xml)$/i.test(name));
  const textOf = (name: string) => {
    const member = members.get(name);
    if (!member) throw damaged("EPUB");
    return textOfMember(member);
  };
  if (members.has(ENCRYPTION) && isLocked(textOf(ENCRYPTION))) {
    throw new PrecisError("document-not-text", "This EPUB is locked by its seller (DRM), so only the seller's own programs can read it: open a copy without the lock.");
  }
  const book = packageOf(textOf(CONTAINER));
  const { title, chapters } = contents(textOf(book));
  const parts: Opened["parts"] = title ? [{ text: `# ${title}` }] : [];
  for (const href of chapters) {
    const member = members.get(resolved(book, href));
    if (member) parts.push({ html: textOfMember(member).replace(LINKS, (link) => (NOTE_MARK.test(link) ? "" : link)) });
  }
  if (!parts.some((part) => "html" in part)) throw noText();
  return { parts };
};

/** The path of the file that describes the book. */
function packageOf(container: string): string {
  let path: string | undefined;
  const open = (name: string, { "full-path": found, "media-type": type }: Readonly<Record<string, string>>) => {
    if (name.replace(/^.*:/, "") === "rootfile" && type === "application/oebps-package+xml") path ??= found;
  };
  walk(container, { open });
  if (path === undefined) throw damaged("EPUB");
  return path;
}

function isLocked(encryption: string): boolean {
  let isLocked = false;
  walk(encryption, { open: (name, { Algorithm = "" }) => void (isLocked ||= /(^|:)EncryptionMethod$/.test(name) && !FONT_METHODS.test(Algorithm)) });
  return isLocked;
}

/** The book's title and the addresses of its chapters, without its table of contents. */
function contents(opf: string): { title: string; chapters: string[] } {
  const files = new Map<string, string>();
  const order: string[] = [];
  let title: string | null = null;
  let inTitle = false;
  walk(opf, {
    open(name, { id, href, idref, linear, properties = "", "media-type": type = "" }) {
      const local = name.replace(/^.*:/, "");
      if (local === "title" && title === null) inTitle = true;
      const isChapter = /html/i.test(type) && !properties.split(" ").includes("nav");
      if (local === "item" && id !== undefined && href !== undefined && isChapter) files.set(id, href);
      if (local === "itemref" && idref !== undefined && linear !== "no") order.push(idref);
    },
    text: (text) => void (inTitle && (title = (title ?? "") + text)),
    close: (name) => void (/(^|:)title$/.test(name) && (inTitle = false)),
  });
  const chapters = order.flatMap((id) => files.get(id) ?? []);
  return { title: (title ?? "").replace(/\s+/g, " ").trim(), chapters: [...new Set(chapters)] };
}

/** The path in the archive of an address in the file at `base`. */
function resolved(base: string, href: string): string {
  try {
    return decodeURIComponent(new URL(href, `book:///${base}`).pathname.slice(1));
  } catch {
    return href;
  }
}
