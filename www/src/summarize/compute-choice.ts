import type { Backend } from "../package/api/index.js";
import { byId } from "../ui/dom.js";
import { storedText, storeText } from "../ui/local-storage.js";

/** Key of the choice in local storage. */
const KEY = "precis-compute";

/** The field "Run on": the wanted backend, remembered for the next visit. */
export class ComputeChoice {
  /** Set by the page: called when the choice changes. */
  onchange: () => void = () => undefined;

  readonly #select = byId("compute", HTMLSelectElement);

  constructor() {
    const kept = storedText(KEY);
    if ([...this.#select.options].some(({ value }) => value === kept)) this.#select.value = kept!;
    this.#select.addEventListener("change", () => {
      storeText(KEY, this.#select.value);
      this.onchange();
    });
  }

  /** The chosen backend. */
  get backend(): Backend {
    return this.#select.value as Backend;
  }

  /** Whether the field is disabled, for example during a run. */
  set disabled(disabled: boolean) {
    this.#select.disabled = disabled;
  }
}
