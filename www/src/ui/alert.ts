import { type PrecisError } from "../package/api/index.js";
import { element } from "./dom.js";

/** Shows `error` in `host`, an element with role=alert, with a button if `retry` is given. The code is an attribute, for reports and tests. */
export function showError(host: HTMLElement, { message, code }: PrecisError, retry?: () => void): void {
  const box = element("div", "error", element("p", "", message));
  box.dataset.code = code;
  if (retry) {
    const button = element("button", "", "Try again");
    button.type = "button";
    button.addEventListener("click", () => {
      host.replaceChildren();
      retry();
    });
    box.append(button);
  }
  host.replaceChildren(box);
}

/** Removes an error that the person is mending. One with "Try again" stays. */
export function mendError(host: HTMLElement): void {
  if (!host.querySelector("button")) host.replaceChildren();
}
