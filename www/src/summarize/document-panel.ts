import { mayBeHtml, openFile, readablePage } from "../formats/index.js";
import { unlessAborted } from "../package/api/abort.js";
import { PrecisError } from "../package/api/errors.js";
import { mendError, showError } from "../ui/alert.js";
import { loadBenchmark } from "../ui/benchmark-document.js";
import { ITERATIONS } from "../ui/compose-benchmark.js";
import { byId, element, onFileChosen } from "../ui/dom.js";
import { wireExamples } from "./examples.js";
import { tokens as tokensInWords } from "../ui/format.js";
import { PageError } from "../ui/words/errors.js";
import { t, tn } from "../ui/words/words.js";
import { progressInWords, skippedInWords } from "./opening.js";

/** Tokens are counted after this pause in typing. */
const PAUSE_MS = 300;
/** Largest text in characters that is shown whole: browsers take half a second or more for the layout of longer ones, and seconds for 10 MB. */
const EDITABLE = 500_000;
/** Characters shown of a longer text. */
const EXCERPT = 20_000;

/** The document, which is typed, pasted, dropped, opened or the benchmark, and its length in tokens. */
export class DocumentPanel {
  /** Set by the page: called with a model file that was opened here instead of a text. */
  onmodel: (file: File) => void = () => undefined;
  /** Set by the page: called when the benchmark is requested. */
  onbenchmark: () => void = () => undefined;
  /** Set by the page: called with the number of tokens; null while it is unknown. */
  oncount: (tokens: number | null) => void = () => undefined;
  /** Set by the page: called when another document takes the place of this one. */
  onreplace: () => void = () => undefined;
  /** Set by the page: called after a pause in typing, and when the text is replaced. */
  onedit: () => void = () => undefined;

  readonly #textarea = byId("document", HTMLTextAreaElement);
  readonly #count = byId("count", HTMLParagraphElement);
  readonly #alert = byId("alert", HTMLDivElement);
  readonly #opening = byId("opening", HTMLParagraphElement);
  readonly #note = byId("opened-note", HTMLParagraphElement);
  readonly #replaced = byId("replaced", HTMLParagraphElement);
  readonly #measure: (text: string) => Promise<number> | null;
  /** The text, if it is too long for the field, which then shows only its beginning. */
  #held: string | null = null;
  /** The text that was replaced last; null if there is none. */
  #previous: string | null = null;
  /** Whether something was typed since. */
  #edited = false;
  /** Resolves when the last requested file or benchmark is loaded, and rejects if that fails. */
  #taking: Promise<void> = Promise.resolve();
  /** Cancels what is being loaded. */
  #loading: AbortController | null = null;
  #pause: ReturnType<typeof setTimeout> | undefined;
  /** Number of the latest count, to ignore older ones that arrive late. */
  #asked = 0;

  /** `measure` counts tokens, or returns null while that is not possible. */
  constructor(measure: (text: string) => Promise<number> | null) {
    this.#measure = measure;
    this.#textarea.addEventListener("input", () => {
      this.#edited = true;
      // What was typed must not be replaced by a file that is still being read.
      this.#loading?.abort();
      this.#note.textContent = "";
      mendError(this.#alert);
      clearTimeout(this.#pause);
      this.#pause = setTimeout(() => this.#afterTyping(), PAUSE_MS);
    });
    this.#textarea.addEventListener("paste", (event) => this.#paste(event));
    byId("stop-opening", HTMLButtonElement).addEventListener("click", () => {
      this.#loading?.abort();
      this.#textarea.focus();
    });
    byId("clear", HTMLButtonElement).addEventListener("click", () => {
      this.replace("");
      this.#textarea.focus();
    });
    this.#wireRestore();
    onFileChosen("open", "file", (file) => this.#takeFile(file));
    this.#wireDrop();
    this.#wireLaunch();
    this.#wireBenchmark();
  }

  /** Whether a file, an example or the benchmark is being loaded. */
  get loading(): boolean {
    return this.#loading !== null;
  }

  get text(): string {
    return this.#held ?? this.#textarea.value;
  }

  /** Replaces the document. What was there before is lost. */
  set text(text: string) {
    this.#previous = null;
    this.#replaced.hidden = true;
    this.#held = text.length > EDITABLE ? text : null;
    this.#textarea.readOnly = this.#held !== null;
    byId("held", HTMLParagraphElement).hidden = this.#held === null;
    this.#textarea.value = this.#held === null ? text : text.slice(0, EXCERPT);
    this.#textarea.scrollTop = 0;
    this.#alert.replaceChildren();
    this.#note.textContent = "";
    // Counting the tokens of a long text takes seconds, in which the old count would be wrong.
    this.#count.textContent = charactersInWords(text);
    this.count();
  }

  /** Selects a passage of `document` in the field. False if the field shows another text. */
  show({ document, start, end }: { document: string; start: number; end: number }): boolean {
    if (this.text !== document || end > this.#textarea.value.length) return false;
    const field = this.#textarea;
    // Browsers scroll to a caret when the field gets the focus, but not to a selection.
    field.setSelectionRange(start, start);
    field.blur();
    field.focus();
    field.setSelectionRange(start, end);
    return true;
  }

  /** The text, after a requested file or benchmark is loaded. Rejects if it could not be loaded. */
  async settled(): Promise<string> {
    // While one is loaded the person may open another.
    for (let taking: Promise<void> | null = null; taking !== this.#taking; ) await (taking = this.#taking);
    return this.text;
  }

  /** Ends the pause after typing, if there is one: after a run it would clear what says how that ended. */
  endTyping(): void {
    if (this.#pause !== undefined) this.#afterTyping();
  }

  #afterTyping(): void {
    this.count();
    this.onedit();
  }

  /** Counts characters, and tokens if possible. */
  count(): void {
    clearTimeout(this.#pause);
    this.#pause = undefined;
    const asked = ++this.#asked;
    const { text } = this;
    const characters = charactersInWords(text);
    const show = (tokens: number | null) => {
      if (asked !== this.#asked) return;
      const known = tokens === null ? "" : `${tokensInWords(tokens)} · `;
      this.#count.textContent = text && `${known}${characters}`;
      this.oncount(tokens);
    };
    const measured = text ? this.#measure(text) : null;
    if (!measured) return show(null);
    // If counting fails, only the characters are shown. The run will report the error.
    measured.then(show, () => show(null));
  }

  /** Replaces the document, which can be brought back unless `undo` is false. */
  replace(text: string, { undo = true } = {}): void {
    this.#loading?.abort();
    this.#replace(text, undo);
  }

  #replace(text: string, undo = true): void {
    const before = this.text;
    if (before === text) return;
    // A blank text is not worth bringing back: the one before it is.
    const previous = before.trim() === "" ? this.#previous : before;
    this.text = text;
    this.onreplace();
    this.onedit();
    if (!undo || previous === null || previous === text) return;
    this.#previous = previous;
    this.#edited = false;
    this.#replaced.hidden = false;
  }

  #wireRestore(): void {
    const restore = () => {
      this.replace(this.#previous ?? "");
      this.#textarea.focus();
    };
    byId("restore", HTMLButtonElement).addEventListener("click", restore);
    this.#textarea.addEventListener("keydown", (event) => {
      const undoes = event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey) && !event.shiftKey;
      // Once something was typed, the browser undoes that.
      if (!undoes || this.#previous === null || this.#edited) return;
      event.preventDefault();
      restore();
    });
  }

  /** Handles a pasted text that is too long for the field or may be a web page. The browser handles all others. */
  #paste(event: ClipboardEvent): void {
    const pasted = event.clipboardData?.getData("text/plain") ?? "";
    const html = mayBeHtml(pasted);
    if ((pasted.length <= EDITABLE && !html) || this.#held !== null) return;
    event.preventDefault();
    const { value, selectionStart, selectionEnd } = this.#textarea;
    const around = (text: string) => value.slice(0, selectionStart) + text + value.slice(selectionEnd);
    if (html) this.#take(() => readablePage(pasted).then(around));
    else this.replace(around(pasted));
  }

  /** Replaces the document by what `load` returns, unless something else is loaded, pasted or typed meanwhile. */
  #take(load: (signal: AbortSignal) => Promise<string>, note: () => string = () => ""): void {
    this.#loading?.abort();
    const loading = (this.#loading = new AbortController());
    const { signal } = loading;
    const take = async () => {
      try {
        const text = await unlessAborted(load(signal), signal);
        this.#replace(text);
        this.#note.textContent = note();
      } catch (error) {
        if (signal.aborted) return;
        const shown = error instanceof PrecisError ? error : new PageError("internal", t("The document could not be read ({reason}). Try again.", { reason: String(error) }));
        showError(this.#alert, shown);
        throw shown;
      } finally {
        if (this.#loading === loading) {
          this.#loading = null;
          this.#opening.hidden = true;
        }
      }
    };
    const taking = (this.#taking = take());
    // A run that waits for this document fails with it; the next one reads what is in the field.
    taking.catch(() => {
      if (this.#taking === taking) this.#taking = Promise.resolve();
    });
  }

  /** Opens a file that the person opens with the installed app. */
  #wireLaunch(): void {
    interface LaunchQueue {
      setConsumer(consume: (launch: { files?: readonly FileSystemFileHandle[] }) => void): void;
    }
    (window as { launchQueue?: LaunchQueue }).launchQueue?.setConsumer(({ files }) => void files?.[0]?.getFile().then((file) => this.#takeFile(file)));
  }

  #wireDrop(): void {
    const zone = byId("drop", HTMLElement);
    const hasFile = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    // On the window, because a file dropped outside the panel would replace the page.
    addEventListener("dragover", (event) => {
      if (!hasFile(event)) return;
      event.preventDefault();
      zone.classList.add("dropping");
    });
    addEventListener("dragleave", (event) => {
      if (event.relatedTarget === null) zone.classList.remove("dropping");
    });
    addEventListener("drop", (event) => {
      zone.classList.remove("dropping");
      const file = event.dataTransfer?.files[0];
      if (!hasFile(event) || !file) return;
      event.preventDefault();
      this.#takeFile(file);
    });
  }

  #takeFile(file: File): void {
    if (/\.gguf$/i.test(file.name)) this.onmodel(file);
    else {
      let note = t("Opened {file}.", { file: file.name });
      const open = async (signal: AbortSignal) => {
        const opened = await openFile(file, { signal, onprogress: (progress) => !signal.aborted && this.#showProgress(`: ${progressInWords(progress)}`) });
        if (opened.skipped) note += ` ${skippedInWords(opened.skipped)}`;
        return opened.text;
      };
      this.#take(open, () => note);
      byId("opening-name", HTMLSpanElement).textContent = t("Opening {file}", { file: file.name });
      this.#showProgress("");
      this.#opening.hidden = false;
    }
  }

  #showProgress(progress: string): void {
    byId("opening-progress", HTMLSpanElement).textContent = progress;
  }

  #wireBenchmark(): void {
    const iterations = byId("iterations", HTMLSelectElement);
    for (let i = 1; i <= ITERATIONS; i++) iterations.add(element("option", "", String(i)));
    iterations.value = String(ITERATIONS);
    byId("benchmark", HTMLButtonElement).addEventListener("click", () => {
      this.onbenchmark();
      this.#take(() => loadBenchmark(Number(iterations.value)));
    });
    wireExamples((load) => this.#take(load));
  }
}

function charactersInWords(text: string): string {
  return tn(text.length, "{count} character", "{count} characters");
}
