import type { Backend } from "../package/api/index.js";
import { byId } from "../ui/dom.js";

/** Key of the choice in local storage. */
const KEY = "precis-compute";

/** The field "Run on": the wanted backend, remembered for the next visit. */
export class ComputeChoice {
  /** Set by the page: called when the choice changes. */
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

  /** The chosen backend. */
  get backend(): Backend {
    return this.#select.value as Backend;
  }

  /** Whether the field is disabled, for example during a run. */
  set disabled(disabled: boolean) {
    this.#select.disabled = disabled;
  }
}

// Browsers may refuse storage (private windows, blocked cookies). Then the choice is lost with the page.
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
