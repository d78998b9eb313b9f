import { type PrecisError } from "../package/api/index.js";
import { element } from "./dom.js";

/** Shows `error` in `host`, an element with role=alert: the message, the code, and a button if `retry` is given. */
export function showError(host: HTMLElement, { message, code }: PrecisError, retry?: () => void): void {
  const box = element("div", "error", element("p", "", message), element("p", "fine", "Code: ", element("code", "", code)));
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
