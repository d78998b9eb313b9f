import article from "./examples/article.txt?url";
import contract from "./examples/contract.txt?url";
import mail from "./examples/mail.txt?url";
import minutes from "./examples/minutes.txt?url";
import { byId, element } from "../ui/dom.js";

/** Short documents of several kinds, to try Précis with. */
const EXAMPLES = { Article: article, Minutes: minutes, Contract: contract, "Mail thread": mail };

/** Adds a button for each example, which calls `take` with a function that loads it. */
export function wireExamples(take: (load: () => Promise<string>) => void): void {
  for (const [name, url] of Object.entries(EXAMPLES)) {
    const button = element("button", "plain", name);
    button.type = "button";
    button.addEventListener("click", () => take(() => load(url)));
    byId("examples", HTMLSpanElement).append(button, " ");
  }
}

async function load(url: string): Promise<string> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.text();
}
