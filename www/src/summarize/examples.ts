import article from "./examples/article.txt?url";
import contract from "./examples/contract.txt?url";
import mail from "./examples/mail.txt?url";
import minutes from "./examples/minutes.txt?url";
import { fetchFile } from "../ui/fetch-file.js";

/** Short documents of several kinds, to try Précis with. */
const EXAMPLES: Record<string, string> = { article, minutes, contract, mail };

/** Makes the button of each example call `take` with a function that loads it. */
export function wireExamples(take: (load: () => Promise<string>) => void): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-example]")) {
    button.addEventListener("click", () => take(async () => (await fetchFile(EXAMPLES[button.dataset.example!]!, "the example")).text()));
  }
}
