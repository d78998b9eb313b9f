import type { LoadProgressEvent } from "../package/api/index.js";
import type { Choice } from "../ui/chosen-model.js";
import { byId } from "../ui/dom.js";
import { clock, megabytes } from "../ui/format.js";
import { t } from "../ui/words/words.js";
import { keptBefore } from "./model-storage.js";

/** What browsers tell of the connection, where they tell it. */
interface Connection {
  saveData?: boolean;
  type?: string;
}

/** Whether the person pays for each byte, or has asked the browser to save them. */
function isMetered(): boolean {
  const { saveData, type } = (navigator as { connection?: Connection }).connection ?? {};
  return saveData === true || type === "cellular";
}

/** The notice below Summarize: what has to be downloaded, how far it is, and buttons to start, pause and continue. */
export class DownloadNotice {
  readonly #notice = byId("download", HTMLDivElement);
  readonly #text = byId("download-text", HTMLParagraphElement);
  readonly #detail = byId("download-detail", HTMLParagraphElement);
  readonly #progress = byId("model-progress", HTMLProgressElement);
  readonly #start = byId("download-start", HTMLButtonElement);
  readonly #pauseButton = byId("download-pause", HTMLButtonElement);
  readonly #other = byId("download-other", HTMLButtonElement);
  /** Set by the model panel: start or continue the download, pause it, choose another model. */
  onstart: () => void = () => undefined;
  onpause: () => void = () => undefined;
  onother: () => void = () => undefined;
  /** Whether the notice waits for Download, which nobody has pressed. */
  #offered = false;
  /** Whether the notice is scrolled to when it appears next. */
  #reveals = false;
  /** How much was downloaded, in words. */
  #done = "";

  constructor() {
    this.#start.addEventListener("click", () => this.onstart());
    this.#pauseButton.addEventListener("click", () => {
      this.onpause();
      this.#start.focus();
    });
    this.#other.addEventListener("click", () => this.onother());
  }

  /** Says what the first summary will download. */
  offer({ name, bytes, model, keep }: Choice): void {
    this.#offered = true;
    const hosted = typeof model === "object" && "sources" in model && (model.sources ?? []).some(({ url }) => url !== undefined);
    const gone = typeof model === "object" && "sha256" in model && keptBefore.has(model.sha256 ?? "");
    const keeps = keep ?? typeof model !== "string";
    const sentences = [
      gone ? t("The browser has deleted the model to free space.") : "",
      t("Précis needs a language model: {model}.", { model: bytes === null ? name : `${name}, ${megabytes(bytes)}` }),
      hosted ? fromHosts(keeps) : fromSite(keeps),
      isMetered() ? t("Your connection is set to save data, so nothing is downloaded until you press Download now.") : t("Summarize downloads it first."),
    ];
    this.#text.textContent = sentences.filter(Boolean).join(" ");
    this.#detail.textContent = "";
    this.#show({ start: t("Download now") });
  }

  /** Whether the person has to press Download first. Moves the focus there. */
  asksFirst(): boolean {
    if (!this.#offered || !isMetered()) return false;
    this.#start.focus();
    return true;
  }

  /** Shows the download, or how far the weights are prepared, 0 to 1. */
  progress(choice: Choice, download: LoadProgressEvent | null, prepared: number): void {
    this.#offered = false;
    // What is on the device is ready after a second or two, in which only the status changes.
    const fetching = prepared === 0 && download !== null && download.loaded < 1;
    // The download counts as two thirds of the bar.
    this.#progress.value = (download?.loaded ?? 0) * (2 / 3) + prepared / 3;
    const { name: model } = choice;
    const doing = () => (choice.model instanceof File ? t("Reading {model}", { model }) : t("Downloading {model}", { model }));
    this.#text.textContent = fetching ? doing() : t("Preparing {model}", { model });
    this.#done = download === null ? "" : amountInWords(download);
    this.#detail.textContent = fetching ? inWords(download, choice) : "";
    const focused = this.#notice.querySelector<HTMLElement>(":focus");
    this.#show({ pause: fetching, progress: true });
    // A button that is hidden loses the focus.
    if (focused?.hidden && fetching) this.#pauseButton.focus();
  }

  /** Hides what was offered. A button that has the keyboard focus stays until there is another. */
  starting(): void {
    this.#offered = false;
    if (!this.#notice.contains(document.activeElement)) this.hide();
  }

  /** How much was downloaded, in words; empty before that is known. */
  get done(): string {
    return this.#done;
  }

  /** Whether another model can be chosen now. */
  set canChoose(can: boolean) {
    this.#other.disabled = !can;
  }

  /** Scrolls to the notice when it appears next. */
  reveal(): void {
    this.#reveals = true;
  }

  /** Says that the download waits. */
  paused(): void {
    this.#text.textContent = t("The download is paused.");
    this.#detail.textContent = this.#done;
    this.#show({ start: t("Continue the download"), progress: true });
  }

  hide(): void {
    this.#offered = false;
    this.#reveals = false;
    this.#notice.hidden = true;
    this.#notice.classList.remove("pending");
  }

  #show({ start, pause = false, progress = false }: { start?: string; pause?: boolean; progress?: boolean }): void {
    this.#start.hidden = start === undefined;
    this.#other.hidden = start === undefined && !pause;
    if (start !== undefined) this.#start.textContent = start;
    this.#pauseButton.hidden = !pause;
    this.#progress.hidden = !progress;
    this.#notice.hidden = false;
    this.#notice.classList.remove("pending");
    if (this.#reveals) this.#notice.scrollIntoView({ block: "nearest" });
    this.#reveals = false;
  }
}

function fromSite(keeps: boolean): string {
  return keeps ? t("It is downloaded once, from this site, and stays on this device.") : t("It is downloaded from this site.");
}

function fromHosts(keeps: boolean): string {
  return keeps
    ? t("It is downloaded once, from this site or huggingface.co, and stays on this device.")
    : t("It is downloaded from this site or huggingface.co.");
}

/** Progress, speed and remaining time of a download, in words. */
function inWords(download: LoadProgressEvent, { model, keep }: Choice): string {
  const { bytesPerSecond, secondsLeft } = download;
  // A file from disk is not downloaded, only read for its hash or a copy.
  const once = model instanceof File || !(keep ?? typeof model !== "string") ? "" : ` ${t("(first time only)")}`;
  const left = secondsLeft === null ? "" : `, ${t("{time} left", { time: clock(secondsLeft * 1000) })}`;
  const rate = bytesPerSecond === null ? "" : ` · ${t("{amount}/s", { amount: megabytes(bytesPerSecond) })}${left}`;
  return `${amountInWords(download)}${once}${rate}`;
}

function amountInWords({ bytes, totalBytes }: LoadProgressEvent): string {
  const done = megabytes(bytes);
  return totalBytes === null ? done : t("{done} of {total}", { done, total: megabytes(totalBytes) });
}
