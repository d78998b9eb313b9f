import type { Form, Length, Strategy, SummarizeOptions } from "../package/api/index.js";
import { byId } from "../ui/dom.js";

/** Lengths of more than a sentence, which have a form. */
const SEVERAL = ["short", "medium", "long"];

/** What the person wants: how long a summary, in which form, or an answer to a question; and how the document is read for it. */
export class SummaryOptions {
  readonly #length = byId("length", HTMLSelectElement);
  readonly #form = byId("form", HTMLSelectElement);
  readonly #strategy = byId("strategy", HTMLSelectElement);
  readonly #instruction = byId("instruction", HTMLInputElement);
  /** Set by the page: called when the person asks with the Enter key. */
  onask: () => void = () => undefined;

  constructor() {
    this.#length.addEventListener("change", () => this.#refresh());
    this.#instruction.addEventListener("input", () => this.#refresh());
    this.#instruction.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.onask();
    });
    this.#refresh();
  }

  /** The engine's options for it. */
  get options(): Pick<SummarizeOptions, "length" | "form" | "instruction" | "strategy"> {
    const strategy = this.#strategy.value as Strategy;
    const instruction = this.#instruction.value.trim();
    if (instruction) return { strategy, instruction };
    const length = this.#length.value as Length | "";
    return length ? { strategy, length, form: this.#form.value as Form } : { strategy };
  }

  /** A question stands in the place of a summary, and only several sentences have a form. */
  #refresh(): void {
    const asks = this.#instruction.value.trim() !== "";
    this.#length.disabled = asks;
    this.#form.disabled = asks || !SEVERAL.includes(this.#length.value);
  }
}
