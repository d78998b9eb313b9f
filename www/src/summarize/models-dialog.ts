import { deleteModel, inspectModel, type InspectedModel, PrecisError, storedModels } from "../package/api/index.js";
import { toPrecisError } from "../package/api/errors.js";
import { showError } from "../ui/alert.js";
import { acceptLicence, CATALOGUE, type CatalogueEntry, type Choice, fromCatalogue, isAccepted } from "../ui/chosen-model.js";
import { byId, element, onFileChosen } from "../ui/dom.js";
import { compact, megabytes, tokens } from "../ui/format.js";
import { PageError } from "../ui/words/errors.js";
import { t } from "../ui/words/words.js";
import { MODEL_HOSTS } from "./model-hosts.js";
import { whenMeasured } from "./model-facts.js";
import { modelRows } from "./model-list.js";
import type { ModelPanel } from "./model-panel.js";
import { keptBefore, storageInWords } from "./model-storage.js";

/** A model to confirm before it is used: it has a licence to accept, or is a file or an address. */
interface Offer {
  name: string;
  facts: [string, string][];
  note: string;
  /** The entry whose licence has to be accepted. */
  licence: CatalogueEntry | null;
  /** Initial state of the checkbox "Keep it on this device"; null hides it. */
  keep: boolean | null;
  /** Label of the button. */
  action: string;
  take: (keep: boolean) => Choice;
}

/** The dialog "Models": the catalogue, the models on this device, and the person's own files. */
export class ModelsDialog {
  readonly #panel: ModelPanel;
  readonly #dialog = byId("models", HTMLDialogElement);
  readonly #list = byId("models-list", HTMLUListElement);
  readonly #alert = byId("models-alert", HTMLDivElement);
  readonly #storage = byId("models-storage", HTMLParagraphElement);
  readonly #choice = byId("models-choice", HTMLDivElement);
  readonly #form = byId("model-offer", HTMLFormElement);
  readonly #name = byId("offer-name", HTMLHeadingElement);
  readonly #accept = byId("accept", HTMLInputElement);
  readonly #keep = byId("keep", HTMLInputElement);
  readonly #take = byId("take-model", HTMLButtonElement);
  #offer: Offer | null = null;
  /** Stops reading a header when another action starts. */
  #looking = new AbortController();

  constructor(panel: ModelPanel) {
    this.#panel = panel;
    byId("choose-model", HTMLButtonElement).addEventListener("click", () => void this.open());
    byId("models-close", HTMLButtonElement).addEventListener("click", () => this.#dialog.close());
    this.#dialog.addEventListener("close", () => this.#looking.abort());
    this.#wireOwn();
    byId("offer-back", HTMLButtonElement).addEventListener("click", () => void this.open());
    this.#accept.addEventListener("change", () => this.#allow());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#taken();
    });
  }

  get isOpen(): boolean {
    return this.#dialog.open;
  }

  /** Opens the dialog with the list of models. */
  async open(): Promise<void> {
    this.#show(this.#choice);
    await this.#refresh();
  }

  /** Updates the list if the dialog is open. */
  refresh(): void {
    if (this.#dialog.open) void this.#refresh();
  }

  /** Reads the header of a file that the person opened or dropped, and offers the model. */
  async offerFile(file: File): Promise<void> {
    await this.#look(file, (facts) => ({
      ...described(file.name, facts),
      note: t("The file stays where it is and never leaves this device."),
      keep: false,
      action: t("Use this model"),
      take: (keep) => ({ model: file, name: file.name, bytes: file.size, keep }),
    }));
  }

  async #offerAddress(typed: string): Promise<void> {
    const url = addressOf(typed);
    if (url instanceof PrecisError) return this.#fail(url);
    const name = decodeURIComponent(url.pathname.split("/").at(-1) ?? "") || url.host;
    await this.#look(url.href, (facts) => ({
      ...described(name, facts),
      note: t("From {host}. Nobody has checked this file. Check its licence yourself.", { host: url.host }),
      keep: true,
      action: t("Get {size} and use", { size: megabytes(facts.bytes) }),
      take: (keep) => ({ model: url.href, name, bytes: facts.bytes, keep }),
    }));
  }

  async #look(model: Blob | string, offer: (facts: InspectedModel) => Offer): Promise<void> {
    this.#looking.abort();
    const { signal } = (this.#looking = new AbortController());
    this.#show(this.#choice);
    this.#storage.textContent = t("Reading the header…");
    try {
      const facts = await inspectModel(model, { signal });
      if (!signal.aborted) this.#present(offer(facts));
    } catch (error) {
      if (signal.aborted) return;
      await this.#refresh();
      this.#fail(toPrecisError(error));
    }
  }

  /** Uses a listed model, after its licence is accepted if necessary. */
  #use(choice: Choice, entry: CatalogueEntry | null): void {
    if (!entry || isAccepted(entry)) return this.#close(choice);
    this.#present({
      name: entry.name,
      facts: [[t("Size"), megabytes(entry.bytes)], [t("Format"), entry.quant], [t("Context"), tokens(entry.context)], [t("Licence"), entry.licence]],
      note: t("The download starts after you accept. This browser remembers your answer."),
      licence: entry,
      keep: null,
      action: t("Accept, get {size} and use", { size: megabytes(entry.bytes) }),
      take: () => {
        acceptLicence(entry);
        return fromCatalogue(entry);
      },
    });
  }

  async #remove(sha256: string): Promise<void> {
    try {
      // Otherwise its absence would look like the browser's doing.
      keptBefore.delete(sha256);
      if (this.#panel.sha256 === sha256) this.#panel.unload();
      await deleteModel(sha256);
    } catch (error) {
      this.#fail(toPrecisError(error));
    }
    await this.#refresh();
    // The focused button was removed.
    this.#list.querySelector("button")?.focus();
  }

  async #refresh(): Promise<void> {
    const stored = await storedModels();
    const actions = { use: (choice: Choice, entry: CatalogueEntry | null) => this.#use(choice, entry), remove: (sha256: string) => void this.#remove(sha256) };
    this.#list.replaceChildren(...modelRows(CATALOGUE, stored, this.#panel.sha256, actions));
    byId("models-measured", HTMLParagraphElement).textContent = whenMeasured(CATALOGUE);
    this.#storage.textContent = await storageInWords(stored.reduce((sum, { bytes }) => sum + bytes, 0));
  }

  #present(offer: Offer): void {
    this.#offer = offer;
    this.#name.textContent = offer.name;
    byId("offer-facts", HTMLDListElement).replaceChildren(
      ...offer.facts.map(([term, value]) => element("div", "row", element("dt", "", term), element("dd", "", value))),
    );
    byId("offer-note", HTMLParagraphElement).textContent = offer.note;
    byId("offer-accept", HTMLLabelElement).hidden = offer.licence === null;
    byId("offer-keep", HTMLLabelElement).hidden = offer.keep === null;
    const terms = byId("offer-terms", HTMLAnchorElement);
    terms.textContent = t("the {licence} terms", { licence: offer.licence?.licence ?? "" });
    terms.href = offer.licence?.terms ?? "";
    this.#accept.checked = false;
    this.#keep.checked = offer.keep === true;
    this.#take.textContent = offer.action;
    this.#allow();
    this.#show(this.#form);
    this.#name.focus();
  }

  #allow(): void {
    this.#take.disabled = this.#offer?.licence != null && !this.#accept.checked;
  }

  #taken(): void {
    if (this.#offer) this.#close(this.#offer.take(this.#keep.checked));
  }

  #close(choice: Choice): void {
    this.#dialog.close();
    this.#panel.use(choice);
  }

  #fail(error: PrecisError): void {
    showError(this.#alert, error);
    // The alert is above a list that may be longer than the screen.
    this.#alert.scrollIntoView({ block: "center" });
  }

  /** Shows one of the dialog's two views. */
  #show(view: HTMLElement): void {
    for (const each of [this.#choice, this.#form]) each.hidden = each !== view;
    this.#alert.replaceChildren();
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  #wireOwn(): void {
    onFileChosen("open-model", "model-file", (file) => void this.offerFile(file));
    const address = byId("model-address", HTMLInputElement);
    byId("model-from", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#offerAddress(address.value);
    });
  }
}

function described(name: string, facts: InspectedModel): Omit<Offer, "note" | "keep" | "action" | "take"> {
  const { architecture, quant, parameters, context, license, bytes, has_chat_template } = facts;
  const told: [string, string][] = [
    [t("Name in the file"), facts.name ?? t("none")],
    [t("Size"), megabytes(bytes)],
    [t("Architecture"), architecture],
    [t("Format"), t("mostly {quant}", { quant })],
    [t("Weights"), compact(parameters)],
    [t("Context"), tokens(context)],
    [t("Licence, as the file says"), license ?? t("not given")],
    [t("Made for"), has_chat_template ? t("conversations") : t("continuing a text")],
  ];
  return { name, facts: told, licence: null };
}

/** The URL of the file, or an error if the page can't reach it. On Hugging Face, `/blob/` is a page about the file. */
function addressOf(typed: string): URL | PrecisError {
  const url = new URL(typed);
  if (url.origin === "https://huggingface.co") url.pathname = url.pathname.replace("/blob/", "/resolve/");
  const allowed = url.origin === location.origin || MODEL_HOSTS.some((host) => new RegExp(`^${host.replaceAll(".", "\\.").replace("*", "[^/]+")}$`).test(url.origin));
  if (allowed) return url;
  return new PageError("download-failed", t("This page can't reach {host}: download the file yourself and open it here.", { host: url.host }));
}
