import { toPrecisError } from "../package/api/errors.js";
import type { Card } from "../package/wasm/simd/precis.js";
import { showError } from "../ui/alert.js";
import { byId, onFileChosen } from "../ui/dom.js";
import { PageError } from "../ui/words/errors.js";
import { t } from "../ui/words/words.js";
import { readCard } from "./cards.js";
import { MAX_BYTES } from "./share.js";

/** Imports cards from a file or pasted text. */
export class ImportPanel {
  /** Set by the page: called with an imported card. */
  oncard: (card: Card) => Promise<void> = async () => undefined;

  readonly #alert = byId("import-alert", HTMLDivElement);

  constructor() {
    const pasted = byId("pasted", HTMLTextAreaElement);
    onFileChosen("import", "card-file", (file) => void this.#take(() => textOf(file)));
    byId("take-pasted", HTMLButtonElement).addEventListener("click", async () => {
      if (await this.#take(async () => pasted.value)) pasted.value = "";
    });
  }

  async #take(text: () => Promise<string>): Promise<boolean> {
    this.#alert.replaceChildren();
    try {
      await this.oncard(await readCard(await text()));
      return true;
    } catch (error) {
      showError(this.#alert, toPrecisError(error));
      return false;
    }
  }
}

async function textOf(file: Blob): Promise<string> {
  // Do not read a file that is too large.
  if (file.size > MAX_BYTES) throw new PageError("invalid-card", t("This is not a result card: it has {bytes} bytes, and the limit is {limit}.", { bytes: String(file.size), limit: String(MAX_BYTES) }));
  return file.text();
}
