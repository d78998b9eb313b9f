import type { Backend } from "../package/api/index.js";
import { byId } from "../ui/dom.js";

/** Where the choice is kept. */
const KEY = "precis-compute";

/** The field "Compute on": what the person wants to compute, kept for the next visit. */
export class ComputeChoice {
  /** Set by the page: called when the person has chosen something else. */
  onchange: () => void = () => undefined;

  readonly #select = byId("compute", HTMLSelectElement);

  constructor() {
    const kept = read();
    if ([...this.#select.options].some(({ value }) => value === kept)) this.#select.value = kept!;
    this.#select.addEventListener("change", () => {
      write(this.#select.value);
      this.onchange();
    });
  }

  /** What was chosen, in the package's words. */
  get backend(): Backend {
    return this.#select.value as Backend;
  }

  /** Whether nothing can be chosen, as during a run. */
  set disabled(disabled: boolean) {
    this.#select.disabled = disabled;
  }
}

// Browsers may refuse storage altogether (private windows, blocked cookies): then the choice lasts as long as the page.
function read(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function write(value: string): void {
  try {
    localStorage.setItem(KEY, value);
  } catch {
    // As above.
  }
}
