import { PrecisError, toPrecisError } from "../package/api/errors.js";
import type { Card } from "../package/wasm/simd/precis.js";
import { showError } from "../ui/alert.js";
import { byId } from "../ui/dom.js";
import { readCard } from "./cards.js";
import { MAX_BYTES } from "./share.js";

/** Cards from elsewhere: a file, or what was pasted. */
export class ImportPanel {
  /** Set by the page: called with a card that was read. */
  oncard: (card: Card) => Promise<void> = async () => undefined;

  readonly #alert = byId("import-alert", HTMLDivElement);

  constructor() {
    const input = byId("card-file", HTMLInputElement);
    const pasted = byId("pasted", HTMLTextAreaElement);
    byId("import", HTMLButtonElement).addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      const file = input.files?.[0];
      // The same file can be chosen again.
      input.value = "";
      if (file) void this.#take(() => textOf(file));
    });
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
  // What is too large is not read at all.
  if (file.size > MAX_BYTES) throw new PrecisError("invalid-card", `This is no result card: it has ${file.size} bytes, of ${MAX_BYTES} at most.`);
  return file.text();
}
