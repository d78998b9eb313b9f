import { configure, ready } from "precis/polyfill";
import { show, tiny } from "./shared/page.js";

if ((await ready) !== "precis") throw new Error("this browser has a Summarizer of its own");
// As on the web, only a page that somebody has touched may download: the harness clicks here.
const button = document.body.appendChild(document.createElement("button"));
button.textContent = "Summarize";
button.onclick = async () => {
  configure({ model: await tiny() });
  void show(globalThis.Summarizer, { type: "tldr" });
};
