/**
 * Rich Text files. This reader is our own: of the libraries, some were not kept for years, one needs Node's streams, and one draws
 * pages. It follows the Rich Text Format Specification 1.9.1 as far as text goes.
 */
import { damaged, ofText, type Reader } from "./document.js";
import { CHARACTERS, charsetOf, HIDDEN, isDouble, labelOf, latin1 } from "./rtf-words.js";

/** Groups within each other at most. */
const DEEPEST = 500;
const TOKEN = /\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-f]{2})|\\([^])|([{}])|([^\\{}\r\n]+)|[\r\n]+/giy;

/** The mark of an item that is written as text. */
const BULLET = /^[•·◦▪–-] *\t\s*/;

/** What a group can change until its end. */
interface State {
  hidden: boolean;
  /** Where its text goes. */
  target: "text" | "note" | "style";
  codePage: string;
  /** Characters after \u that stand for it in old programs. */
  replaced: number;
}

export const readRtf: Reader = async (bytes) => ofText(new Rtf().read(latin1(bytes)));

class Rtf {
  #blocks: string[] = [];
  #notes = "";
  #paragraph = "";
  #style = "";
  #row: string[] | null = null;
  /** Bytes of an old encoding that are not decoded yet: a character can have two. */
  #bytes: number[] = [];
  #skip = 0;
  /** Levels of headings by the number of their style. */
  readonly #headings = new Map<number, number>();
  #styleNumber = 0;
  #level = 0;
  /** Whether the paragraph begins with the mark of a list. */
  #isItem = false;
  #inTable = false;
  readonly #fonts = new Map<number, string>();
  #font = 0;
  #ansi = "windows-1252";
  #state: State = { hidden: false, target: "text", codePage: "", replaced: 1 };
  readonly #stack: State[] = [];

  read(rtf: string): string {
    TOKEN.lastIndex = 0;
    for (let token = TOKEN.exec(rtf); token; token = TOKEN.exec(rtf)) {
      const [, word, number, hex, symbol, brace, text] = token;
      if (hex !== undefined) this.#byte(Number.parseInt(hex, 16));
      else if (text !== undefined) for (const char of text) this.#char(char);
      else if (word !== undefined) {
        // Binary data, such as a picture.
        if (word === "bin") TOKEN.lastIndex += Math.max(0, Number(number) || 0);
        else this.#word(word, number === undefined ? undefined : Number(number));
      } else if (symbol !== undefined) this.#symbol(symbol);
      else if (brace !== undefined) this.#brace(brace);
      // Some programs leave rubbish behind the end.
      if (brace === "}" && this.#stack.length === 0) break;
    }
    // A complete file closes all its groups.
    if (this.#stack.length > 0) throw damaged("Rich Text");
    this.#endParagraph();
    return [...this.#blocks, ...this.#notes.split("\n").map((note) => `\n\n${note.trim()}`)].join("").trim();
  }

  #brace(brace: string): void {
    this.#decode();
    if (brace === "{") {
      if (this.#stack.length >= DEEPEST) throw damaged("Rich Text");
      this.#stack.push({ ...this.#state });
      return;
    }
    const { target } = this.#state;
    const before = this.#stack.pop();
    if (!before) throw damaged("Rich Text");
    if (target === "note" && before.target !== "note") this.#notes += "\n";
    this.#state = before;
  }

  #word(word: string, number: number | undefined): void {
    this.#decode();
    const state = this.#state;
    if (HIDDEN.has(word)) state.hidden = true;
    else if (Object.hasOwn(CHARACTERS, word)) this.#write(CHARACTERS[word]!);
    else if (word === "u" && number !== undefined) {
      // Numbers above 32767 are written as negative ones.
      this.#write(String.fromCharCode(number & 0xffff));
      this.#skip = state.replaced;
    } else if (word === "uc") state.replaced = Math.min(10, Math.max(0, number ?? 1));
    else if (word === "ansicpg") this.#ansi = labelOf(number ?? 1252);
    else if (word === "mac") this.#ansi = "macintosh";
    else if (word === "f") state.codePage = this.#fonts.get((this.#font = number ?? 0)) ?? "";
    else if (word === "fcharset") this.#fonts.set(this.#font, charsetOf(number ?? 0));
    else if (word === "plain") state.codePage = "";
    else if (word === "v") state.hidden = number !== 0;
    else if (word === "stylesheet") [state.target, this.#style] = ["style", ""];
    else if (word === "footnote") {
      // Some programs mark it as one that may be ignored.
      [state.target, state.hidden] = ["note", this.#stack.at(-1)?.hidden ?? false];
    }
    else if (word === "s") this.#level = this.#headings.get((this.#styleNumber = number ?? 0)) ?? 0;
    else if (word === "outlinelevel" && number !== undefined && number < 6) this.#level = number + 1;
    else if (word === "listtext" || word === "pntext") [this.#isItem, state.hidden] = [true, true];
    else if (word === "pard") [this.#level, this.#inTable] = [0, false];
    else if (word === "intbl") this.#inTable = true;
    else if (state.hidden || state.target === "style") return;
    else if (word === "par" || word === "sect" || word === "page") this.#endParagraph();
    else if (word === "cell" || word === "nestcell") this.#endCell();
    else if (word === "row" || word === "nestrow") this.#endRow();
  }

  #symbol(symbol: string): void {
    if (symbol === "*") {
      this.#decode();
      this.#state.hidden = true;
    } else if (symbol === "\n" || symbol === "\r") this.#endParagraph();
    else if (symbol === "~") this.#char("\u00a0");
    else if (symbol === "_") this.#char("\u2011");
    else if (symbol === "\\" || symbol === "{" || symbol === "}") this.#char(symbol);
  }

  #char(char: string): void {
    if (char >= "\u0080" && char <= "\u00ff" && char !== "\u00a0") return this.#byte(char.charCodeAt(0));
    if (this.#skip > 0) this.#skip--;
    // The second byte of a character may look like a letter.
    else if (this.#bytes.length % 2 === 1 && isDouble(this.#encoding)) this.#bytes.push(char.charCodeAt(0));
    else {
      this.#decode();
      this.#write(char);
    }
  }

  #byte(byte: number): void {
    if (this.#skip > 0) this.#skip--;
    else this.#bytes.push(byte);
  }

  get #encoding(): string {
    return this.#state.codePage || this.#ansi;
  }

  #decode(): void {
    if (this.#bytes.length === 0) return;
    const text = new TextDecoder(this.#encoding).decode(new Uint8Array(this.#bytes));
    this.#bytes = [];
    this.#write(text);
  }

  #write(text: string): void {
    const { hidden, target } = this.#state;
    if (hidden) return;
    if (target === "text") this.#paragraph += text;
    else if (target === "note") this.#notes += text;
    else {
      // "heading 1;" ends the description of a style.
      this.#style += text;
      if (!text.endsWith(";")) return;
      const level = /heading (\d)/i.exec(this.#style)?.[1] ?? (/^\s*title;/i.test(this.#style) ? "1" : undefined);
      if (level !== undefined) this.#headings.set(this.#styleNumber, Math.min(6, Number(level)));
      this.#style = "";
    }
  }

  #endParagraph(): void {
    this.#decode();
    if (this.#state.target === "note") return void (this.#notes += " ");
    if (this.#inTable) return void (this.#paragraph += " ");
    const whole = this.#paragraph.trim();
    const text = whole.replace(BULLET, "");
    const isItem = this.#isItem || text !== whole;
    [this.#paragraph, this.#isItem] = ["", false];
    if (text === "") return;
    const isNext = isItem && (this.#blocks.at(-1)?.startsWith("- ", this.#blocks.at(-1)!.lastIndexOf("\n") + 1) ?? false);
    this.#blocks.push(isNext ? "\n" : "\n\n", isItem ? `- ${text}` : this.#level > 0 ? `${"#".repeat(this.#level)} ${text}` : text);
  }

  #endCell(): void {
    this.#decode();
    (this.#row ??= []).push(this.#paragraph.replace(/\s+/g, " ").trim());
    [this.#paragraph, this.#isItem] = ["", false];
  }

  #endRow(): void {
    if (this.#row?.some((cell) => cell !== "")) this.#blocks.push(this.#blocks.at(-1)?.startsWith("| ") ? "\n" : "\n\n", `| ${this.#row.join(" | ")} |`);
    this.#row = null;
  }
}
