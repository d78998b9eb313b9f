import { byId } from "../ui/dom.js";
import { t } from "../ui/words/words.js";

/** What the tab shows of a run: its title, its icon, and a notification if it is hidden at the end. */
export class TabStatus {
  readonly #icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]')!;
  readonly #idle = this.#icon.href;
  readonly #title = document.title;
  readonly #notify = byId("notify", HTMLInputElement);

  constructor() {
    this.#notify.addEventListener("change", () => {
      if (this.#notify.checked) void this.#allowed();
    });
    // Seen: the tab needs no mark any more.
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && !document.title.includes("%")) this.#show(this.#title);
    });
  }

  /** The share of a run that is done, 0 to 1. */
  set share(share: number) {
    this.#show(`${Math.floor(share * 100)} % · Précis`, "favicon-busy.svg");
  }

  /** The end of a run. */
  end(done: boolean): void {
    if (!done || !document.hidden) return this.#show(this.#title);
    this.#show(`${t("Done")} · Précis`, "favicon-done.svg");
    if (!this.#notify.checked || Notification.permission !== "granted") return;
    try {
      new Notification("Précis", { body: t("Your summary is ready.") });
    } catch {
      // Chrome on Android allows notifications to service workers only.
    }
  }

  /** Asks the browser, which asks the person. */
  async #allowed(): Promise<void> {
    const answer = "Notification" in window ? await Notification.requestPermission() : "denied";
    this.#notify.checked = answer === "granted";
  }

  #show(title: string, icon?: string): void {
    if (document.title !== title) document.title = title;
    const href = icon === undefined ? this.#idle : new URL(icon, this.#idle).href;
    if (this.#icon.href !== href) this.#icon.href = href;
  }
}
