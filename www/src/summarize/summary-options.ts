import type { Form, Length, Strategy, SummarizeOptions } from "../package/api/index.js";
import { byId } from "../ui/dom.js";
import { t } from "../ui/words/words.js";

/** Lengths of several sentences, for which a form can be chosen. */
const SEVERAL: readonly string[] = ["", "short", "medium", "long"];
/** The length where the person has chosen none. */
const USUAL = "short";
/** From the shortest to the longest. */
const ORDER = ["headline", "sentence", "short", "medium", "long"];
/** Fields that are kept when the page is reloaded. */
const KEPT = ["length", "form", "strategy"];

/** The fields for length, form and reading method, and the buttons below a summary that change them. */
export class SummaryOptions {
  readonly #length = byId("length", HTMLSelectElement);
  readonly #form = byId("form", HTMLSelectElement);
  readonly #strategy = byId("strategy", HTMLSelectElement);
  readonly #follow = byId("follow", HTMLInputElement);
  /** Whether the person ignores the request of this document. */
  #ignored = false;
  readonly #shorter = byId("shorter", HTMLButtonElement);
  readonly #longer = byId("longer", HTMLButtonElement);
  readonly #otherForm = byId("other-form", HTMLButtonElement);
  /** Set by the page: called when the person wants the summary in another length or form. */
  onagain: () => void = () => undefined;

  constructor() {
    this.#length.addEventListener("change", () => this.#refresh());
    this.#form.addEventListener("change", () => this.#refresh());
    this.#shorter.addEventListener("click", () => this.#again(() => (this.#length.value = this.#next(-1)!)));
    this.#longer.addEventListener("click", () => this.#again(() => (this.#length.value = this.#next(1)!)));
    this.#otherForm.addEventListener("click", () => this.#again(() => (this.#form.value = this.#form.value === "paragraph" ? "key-points" : "paragraph")));
    byId("ignore-request", HTMLButtonElement).addEventListener("click", () => this.#again(() => (this.#ignored = true)));
    this.#refresh();
  }

  /** The chosen options, for the engine: of a summary, or of the answer to `question`. */
  of(question: string | null): Pick<SummarizeOptions, "length" | "form" | "strategy" | "follow_request" | "instruction"> {
    const strategy = this.#strategy.value as Strategy;
    if (question !== null) return { strategy, instruction: question };
    const form = (this.#form.disabled ? "paragraph" : this.#form.value) as Form;
    const chosen = this.#length.value as Length | "";
    const follows = this.#follow.checked && !this.#ignored;
    // A length that the person chose comes before the document's own request.
    return { strategy, form, length: chosen || USUAL, ...(follows && chosen ? {} : { follow_request: follows }) };
  }

  /** The values of the fields. */
  get values(): Record<string, string> {
    return Object.fromEntries(KEPT.map((id) => [id, byId(id, HTMLSelectElement).value]));
  }

  set values(values: Record<string, string>) {
    for (const id of KEPT) {
      const select = byId(id, HTMLSelectElement);
      const value = values[id];
      if ([...select.options].some((option) => option.value === value)) select.value = value!;
    }
    this.#refresh();
  }

  /** Whether the buttons that write the summary again are shown. */
  set canAgain(can: boolean) {
    byId("again", HTMLDivElement).hidden = !can;
  }

  /** Begins with another document: a request that was ignored was not its own. */
  forDocument(): void {
    this.#ignored = false;
  }

  /** Lets the document's own request decide, as the benchmark needs. */
  followRequest(): void {
    this.#length.value = "";
    this.#follow.checked = true;
    this.#ignored = false;
    this.#refresh();
  }

  #again(change: () => void): void {
    change();
    this.#refresh();
    this.onagain();
  }

  /** The next length in this direction; undefined at an end. */
  #next(step: -1 | 1): string | undefined {
    return ORDER[ORDER.indexOf(this.#length.value || USUAL) + step];
  }

  /** Only several sentences have a form. */
  #refresh(): void {
    this.#form.disabled = !SEVERAL.includes(this.#length.value);
    this.#shorter.disabled = this.#next(-1) === undefined;
    this.#longer.disabled = this.#next(1) === undefined;
    this.#otherForm.disabled = this.#form.disabled;
    this.#otherForm.textContent = this.#form.value === "paragraph" ? t("As key points") : t("As a paragraph");
  }
}
