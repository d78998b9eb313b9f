import type { Report } from "../package/api/index.js";
import { CATALOGUE } from "../ui/chosen-model.js";
import { copy } from "../ui/clipboard.js";
import { button, byId, element } from "../ui/dom.js";
import { languageName } from "../ui/format.js";
import { t } from "../ui/words/words.js";
import { shownSummary, supportOf } from "./points-view.js";
import { type Passage, passageOf, SourceCard } from "./source-card.js";
import type { SharedSummary } from "./shared-summary.js";

/** A finished summary or answer, and the document that it is about. */
export interface Result {
  report: Report;
  document: string;
  /** Null for the summary. */
  question: string | null;
}

/** The summary, and below it the answers to questions, while they are written and afterwards. */
export class SummaryView {
  readonly #section = byId("summary", HTMLElement);
  readonly #text = byId("summary-text", HTMLDivElement);
  readonly #empty = byId("summary-empty", HTMLParagraphElement);
  readonly #hint = byId("summary-hint", HTMLParagraphElement);
  readonly #request = byId("summary-request", HTMLParagraphElement);
  readonly #shared = byId("shared-note", HTMLParagraphElement);
  readonly #answers = byId("answers", HTMLDivElement);
  readonly #source = new SourceCard();
  /** What a run writes to: the summary, or the answer to a question. */
  #target: HTMLElement = this.#text;
  #question: string | null = null;
  #results: Result[] = [];
  /** Set by the page: called when the results change. */
  onresults: () => void = () => undefined;

  /** Set by the page: shows a passage in the document field. False if the field has another text. */
  set onshow(show: (passage: Passage) => boolean) {
    this.#source.onshow = show;
  }

  /** The finished summary, if there is one, and the answers since. */
  get results(): readonly Result[] {
    return this.#results;
  }

  /** The finished summary; null if there is none. */
  get summary(): Result | null {
    return this.#results.find(({ question }) => question === null) ?? null;
  }

  /** Whether the summary is one that somebody shared. */
  get isShared(): boolean {
    return !this.#shared.hidden;
  }

  /** The last answer, with its question; null if there is none. */
  get answer(): HTMLElement | null {
    return this.#answers.querySelector<HTMLElement>(".answer:last-child");
  }

  /** Begins a run: a new summary replaces everything, an answer is appended. */
  begin(question: string | null): void {
    this.#question = question;
    this.#source.hide();
    this.#section.ariaBusy = "true";
    if (question === null) {
      this.#results = [];
      this.#answers.replaceChildren();
      this.#shared.hidden = this.#hint.hidden = this.#request.hidden = true;
      this.#target = this.#text;
    } else {
      this.#target = element("div", "summary-text");
      this.#answers.append(element("article", "answer", element("h3", "", question), this.#target));
    }
    this.clear();
    this.onresults();
  }

  /** Discards what the run has written. */
  clear(): void {
    this.#target.replaceChildren();
    this.#target.classList.add("writing");
    this.#showEmpty();
  }

  /** Appends new text. */
  append(pieces: string): void {
    this.#target.append(pieces);
    this.#showEmpty();
  }

  /** Ends a run, with a report if it was finished. */
  finish(report: Report | null, document: string): void {
    this.#section.ariaBusy = "false";
    // What was written of a run that was given up stays as it came.
    if (report) this.#target.classList.remove("writing");
    if (report) this.#show({ report, document, question: this.#question });
    // A question that was given up leaves no empty answer.
    else if (this.#question !== null) this.#target.parentElement!.remove();
  }

  /** Shows results of an earlier visit. */
  restore(results: readonly Result[]): void {
    for (const result of results) {
      this.begin(result.question);
      this.finish(result.report, result.document);
    }
  }

  /** Says whether the summary is about another text than this. */
  compareWith(text: string): void {
    const other = this.summary !== null && this.summary.document !== text;
    byId("summary-stale", HTMLParagraphElement).textContent = other ? t("This summary is about another text. Press Summarize for a new one.") : "";
  }

  /** Removes everything. */
  reset(): void {
    this.begin(null);
    this.finish(null, "");
  }

  /** Shows a summary that somebody shared. It has no document. */
  showShared({ summary, points }: SharedSummary): void {
    this.reset();
    const document = points.map(({ passage }) => passage).join("");
    let at = 0;
    // Positions in the joined passages, in code points.
    const placed = points.map(({ text, support, passage }) => {
      const start = at;
      at += [...passage].length;
      return { text, support, supported: support !== "unsupported", start, end: at };
    });
    this.#text.replaceChildren(...shownSummary({ summary, points: placed }, (shown) => this.#source.toggle(shown, document)));
    this.#shared.hidden = false;
    this.#showEmpty();
  }

  #show(result: Result): void {
    const { report, document, question } = result;
    this.#results.push(result);
    // The final text may differ from the streamed one, for example in white space.
    this.#target.replaceChildren(...shownSummary(report, (shown) => this.#source.toggle(shown, document), languageOf(report)));
    this.#showEmpty();
    const kinds = new Set(report.points.map(supportOf));
    const legend = [
      t("A number after a sentence leads to its source."),
      kinds.has("quoted") ? t("Sentences in quotation marks are the document's own.") : "",
      kinds.has("unsupported") ? t("A dotted line marks what the text doesn't clearly say.") : "",
      question === null ? cutNote(report) : "",
      unknownLanguageNote(report),
    ];
    byId("summary-legend", HTMLSpanElement).textContent = legend.filter(Boolean).join(" ");
    this.#hint.hidden = report.points.length === 0;
    if (question === null) this.#showRequest(report);
    else this.#target.parentElement!.append(...belowAnswer(report));
    this.onresults();
  }

  /** Says that the document's own request decided what was written. */
  #showRequest({ plan: { request, closing_request } }: Report): void {
    this.#request.hidden = closing_request === "" || request !== closing_request;
    byId("summary-request-text", HTMLSpanElement).textContent = t("The document ends with a request, which this answers: “{request}”", { request: closing_request ?? "" });
  }

  #showEmpty(): void {
    this.#empty.hidden = this.#text.textContent !== "" || this.#answers.childElementCount > 0;
  }
}

/** The language of the document and of what was written about it; empty if it is not known. Counted figures are in English. */
function languageOf({ document, points }: Report): string {
  const isCounted = points.length === 0 || points.some((point) => supportOf(point) === "computed");
  return isCounted ? "" : (document.language ?? "");
}

/** Says that the model was not trained for the document's language, or nothing. */
function unknownLanguageNote(report: Report): string {
  const spoken = languageOf(report);
  const entry = CATALOGUE.find(({ id }) => id === report.model.id);
  if (spoken === "" || !entry?.languages || entry.languages.includes(spoken)) return "";
  return t("The document seems to be in {language}, which {model} was not trained for: it may miss what matters.", { language: languageName(spoken), model: entry.name });
}

/** Says that the end may be missing, or nothing. */
function cutNote({ finish_reason }: Report): string {
  return finish_reason === "length" ? t("The model stopped at its length limit, so the end may be missing.") : "";
}

/** What stands below an answer: what to think of it, and a button that copies it. */
function belowAnswer(report: Report): HTMLElement[] {
  const { summary, points, plan } = report;
  const status = element("span", "fine");
  status.role = "status";
  const copyAnswer = button("plain", () => void copy(summary, status, t("Copied"), t("The browser did not allow copying: select the text instead")), t("Copy answer"));
  const actions = element("div", "actions", copyAnswer, status);
  // The answer is announced without its button.
  actions.ariaLive = "off";
  const isFound = plan.strategy === "passages" && points.length > 0 && points.every((point) => supportOf(point) === "quoted");
  const note = isFound ? t("These are the document's sentences that are closest to the question. They may not answer it.") : cutNote(report);
  return note === "" ? [actions] : [element("p", "fine note", note), actions];
}

/** A text as Markdown that shows it as it is: a document must not put a picture, a link or markup into what is copied. */
function escaped(text: string): string {
  return text.replace(/[\\`*_[\]<]/g, "\\$&");
}

/** The summary in Markdown, with the passages that support it as footnotes. */
export function markdownOf({ report, document }: Result): string {
  let text = report.summary;
  let at = 0;
  const notes: string[] = [];
  for (const [i, point] of report.points.entries()) {
    const start = text.indexOf(point.text, at);
    if (start < 0) continue;
    const end = start + point.text.length;
    const words = escaped(point.text);
    const sentence = supportOf(point) === "quoted" ? `“${words}”` : words;
    const marked = `${sentence}[^${i + 1}]`;
    text = text.slice(0, start) + marked + text.slice(end);
    at = start + marked.length;
    const doubt = supportOf(point) === "unsupported" ? `${t("Not clearly supported. The closest passage:")} ` : "";
    notes.push(`[^${i + 1}]: ${doubt}${escaped(passageOf(document, point).replace(/\s+/g, " "))}`);
  }
  return [text, ...notes].join("\n\n") + "\n";
}
