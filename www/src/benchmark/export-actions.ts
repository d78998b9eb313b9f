import { reasonOf } from "../package/api/errors.js";
import type { Card } from "../package/wasm/simd/precis.js";
import { copy } from "../ui/clipboard.js";
import { byId } from "../ui/dom.js";
import { exportCard } from "./cards.js";
import { download } from "../ui/save-file.js";
import { t } from "../ui/words/words.js";
import { shareLink } from "./share.js";

const FORMATS = [
  { id: "export-json", format: "json", file: "precis-card.json", type: "application/json" },
  { id: "export-csv", format: "csv", file: "precis-card.csv", type: "text/csv" },
  { id: "export-markdown", format: "markdown", file: "precis-card.md", type: "text/markdown" },
] as const;

/** The buttons that export or share the open card. */
export class ExportActions {
  readonly #buttons: HTMLButtonElement[];
  readonly #status = byId("shared", HTMLSpanElement);
  #card: Card | null = null;

  constructor() {
    const files = FORMATS.map(({ id, format, file, type }) =>
      this.#button(id, async (card) => download(new Blob([await exportCard(card, format)], { type }), file)),
    );
    this.#buttons = [...files, this.#button("share", (card) => this.#share(card))];
  }

  /** The open card; null if there is none. */
  set card(card: Card | null) {
    this.#card = card;
    this.#status.textContent = "";
    for (const button of this.#buttons) button.disabled = card === null;
  }

  async #share(card: Card): Promise<void> {
    await copy(await shareLink(JSON.stringify(card)), this.#status, t("Copied. The link contains the card."), t("Copying was not allowed: use Export JSON"));
  }

  #button(id: string, act: (card: Card) => Promise<void>): HTMLButtonElement {
    const button = byId(id, HTMLButtonElement);
    button.addEventListener("click", async () => {
      if (!this.#card) return;
      try {
        await act(this.#card);
      } catch (error) {
        this.#status.textContent = t("Export failed ({reason})", { reason: reasonOf(error) });
      }
    });
    return button;
  }
}
