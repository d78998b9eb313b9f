import type { Form, Length, Strategy, SummarizeOptions } from "../package/api/index.js";
import { byId } from "../ui/dom.js";

/** Lengths of several sentences, for which a form can be chosen. */
const SEVERAL = ["short", "medium", "long"];

/** The fields for length, form, reading method and question. */
export class SummaryOptions {
  readonly #length = byId("length", HTMLSelectElement);
  readonly #form = byId("form", HTMLSelectElement);
  readonly #strategy = byId("strategy", HTMLSelectElement);
  readonly #instruction = byId("instruction", HTMLInputElement);
  /** Set by the page: called when the person presses Enter in the question. */
  onask: () => void = () => undefined;

  constructor() {
    this.#length.addEventListener("change", () => this.#refresh());
    this.#instruction.addEventListener("input", () => this.#refresh());
    this.#instruction.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.onask();
    });
    this.#refresh();
  }

  /** The chosen options, for the engine. */
  get options(): Pick<SummarizeOptions, "length" | "form" | "instruction" | "strategy"> {
    const strategy = this.#strategy.value as Strategy;
    const instruction = this.#instruction.value.trim();
    if (instruction) return { strategy, instruction };
    const length = this.#length.value as Length | "";
    return length ? { strategy, length, form: this.#form.value as Form } : { strategy };
  }

  /** A question replaces the summary, and only several sentences have a form. */
  #refresh(): void {
    const asks = this.#instruction.value.trim() !== "";
    this.#length.disabled = asks;
    this.#form.disabled = asks || !SEVERAL.includes(this.#length.value);
  }
}
