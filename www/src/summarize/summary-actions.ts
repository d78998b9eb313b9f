import { isAbort } from "../package/api/errors.js";
import { copy } from "../ui/clipboard.js";
import { byId } from "../ui/dom.js";
import { t } from "../ui/words/words.js";
import { linkTo } from "./shared-summary.js";
import { markdownOf, type Result, type SummaryView } from "./summary-view.js";

/** The buttons above the summary: Copy summary, Copy with sources, Share and Print. */
export class SummaryActions {
  readonly #status = byId("copied-summary", HTMLSpanElement);
  readonly #buttons: HTMLButtonElement[];

  constructor(readonly view: SummaryView) {
    const button = (id: string, act: (result: Result) => Promise<void> | void) => {
      const made = byId(id, HTMLButtonElement);
      made.addEventListener("click", () => {
        if (view.summary) void act(view.summary);
      });
      return made;
    };
    this.#buttons = [
      button("copy-summary", ({ report }) => this.#copy(report.summary, t("Copied"))),
      button("copy-markdown", (result) => this.#copy(markdownOf(result), t("Copied as Markdown"))),
      button("share", (result) => this.#share(result)),
      button("print", () => print()),
    ];
    this.refresh();
  }

  /** Updates the buttons after the results have changed. */
  refresh(): void {
    this.#status.textContent = "";
    for (const button of this.#buttons) button.disabled = this.view.summary === null;
  }

  #copy(text: string, done: string): Promise<void> {
    return copy(text, this.#status, done, t("The browser did not allow copying: select the text instead"));
  }

  /** Opens the system's dialog, or else copies a link that holds the summary. */
  async #share(result: Result): Promise<void> {
    if (!navigator.share) return this.#copy(await linkTo(result), t("Copied a link. It holds the summary."));
    try {
      await navigator.share({ title: t("Summary"), text: result.report.summary });
    } catch (error) {
      if (!isAbort(error)) this.#status.textContent = t("Sharing was not possible: copy the summary instead");
    }
  }
}
