import { showError } from "../ui/alert.js";
import { byId } from "../ui/dom.js";
import { t } from "../ui/words/words.js";
import type { ModelPanel } from "./model-panel.js";
import { PrecisError } from "../package/api/index.js";

/** The checkbox that reuses earlier reading, and the button that deletes it. */
export class ReuseChoice {
  readonly #reuse = byId("reuse", HTMLInputElement);
  readonly #forget = byId("forget", HTMLButtonElement);
  readonly #forgotten = byId("forgotten", HTMLSpanElement);

  constructor(readonly model: ModelPanel) {
    this.#forget.addEventListener("click", () => void this.#forgetAll());
    this.#reuse.addEventListener("change", () => (this.#forgotten.textContent = ""));
  }

  /** The option `fresh` of a run. */
  get fresh(): boolean {
    return !this.#reuse.checked;
  }

  /** Turns reuse off, for measuring. */
  off(): void {
    this.#reuse.checked = false;
  }

  async #forgetAll(): Promise<void> {
    this.#forgotten.textContent = "";
    // Without a model there is nothing to read again; loading one for this would download it.
    const { ready } = this.model;
    if (!ready) {
      this.#forgotten.textContent = t("Download the model first: its notes are kept beside it.");
      return;
    }
    try {
      await ready.forget();
      this.#forgotten.textContent = t("Forgotten.");
    } catch (error) {
      if (error instanceof PrecisError) showError(byId("alert", HTMLDivElement), error);
    }
  }
}
