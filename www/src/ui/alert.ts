import { type PrecisError } from "../package/api/index.js";
import { button, element } from "./dom.js";
import { messageOf } from "./words/errors.js";
import { t } from "./words/words.js";

/** Shows `error` in `host`, an element with role=alert, with a button if `retry` is given. The code is an attribute, for reports and tests. */
export function showError(host: HTMLElement, error: PrecisError, retry?: () => void): void {
  const { message, details } = messageOf(error);
  const box = element("div", "error", element("p", "", message));
  box.dataset.code = error.code;
  if (details !== null) box.append(inEnglish(details));
  if (retry) {
    const again = () => {
      host.replaceChildren();
      retry();
    };
    box.append(button("", again, t("Try again")));
  }
  host.replaceChildren(box);
}

/** The English message of an error, in a closed box. */
export function inEnglish(details: string): HTMLElement {
  const english = element("p", "fine", details);
  english.lang = "en";
  return element("details", "", element("summary", "", t("Message in English")), english);
}

/** Removes an error that the person is mending. One with "Try again" stays. */
export function mendError(host: HTMLElement): void {
  if (!host.querySelector("button")) host.replaceChildren();
}
