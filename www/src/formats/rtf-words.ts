/** Control words and encodings of Rich Text files. */

/** Groups that begin with these have no text of the document. Others begin with \*, which says so. */
export const HIDDEN: ReadonlySet<string> = new Set([
  "fonttbl", "colortbl", "info", "pict", "object", "header", "headerl", "headerr", "headerf", "footer", "footerl", "footerr", "footerf",
  "fldinst", "listtable", "listoverridetable", "revtbl", "rsidtbl", "generator", "themedata", "colorschememapping", "datastore",
  "latentstyles", "xmlnstbl", "filetbl", "annotation", "atnid", "atnauthor", "atntime", "atnref", "atnicn", "atndate", "atnparent", "deleted",
  "bkmkstart", "bkmkend", "xe", "tc", "nonshppict", "pnseclvl", "template", "operator", "company", "mmathPr", "ftnsep", "ftnsepc", "aftnsep", "aftnsepc",
]);

/** Words that are characters. */
export const CHARACTERS: Readonly<Record<string, string>> = {
  tab: "\t", line: "\n", emdash: "—", endash: "–", lquote: "‘", rquote: "’", ldblquote: "“", rdblquote: "”", bullet: "•",
  emspace: " ", enspace: " ", qmspace: " ",
};

/** The encoding with the number of a Windows code page, as TextDecoder names it. */
export function labelOf(codePage: number): string {
  const names: Record<number, string> = { 874: "windows-874", 932: "shift_jis", 936: "gbk", 949: "euc-kr", 950: "big5", 10000: "macintosh", 20866: "koi8-r", 65001: "utf-8" };
  return names[codePage] ?? (codePage >= 1250 && codePage <= 1258 ? `windows-${codePage}` : "windows-1252");
}

/** The encoding of a font's characters. Empty if it is that of the file. */
export function charsetOf(charset: number): string {
  const pages: Record<number, number> = { 77: 10000, 128: 932, 129: 949, 134: 936, 136: 950, 161: 1253, 162: 1254, 163: 1258, 177: 1255, 178: 1256, 186: 1257, 204: 1251, 222: 874, 238: 1250 };
  return charset in pages ? labelOf(pages[charset]!) : "";
}

/** A character for each byte. The encoding that browsers call latin1 is another one. */
export function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return text;
}

/** Whether some characters of an encoding have two bytes. */
export function isDouble(encoding: string): boolean {
  return ["shift_jis", "gbk", "euc-kr", "big5"].includes(encoding);
}
