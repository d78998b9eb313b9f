import article from "./examples/article.txt?url";
import contract from "./examples/contract.txt?url";
import mail from "./examples/mail.txt?url";
import minutes from "./examples/minutes.txt?url";

/** Short documents of several kinds, to try Précis with. */
const EXAMPLES: Record<string, string> = { article, minutes, contract, mail };

/** Makes the button of each example call `take` with a function that loads it. */
export function wireExamples(take: (load: () => Promise<string>) => void): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-example]")) {
    button.addEventListener("click", () => take(() => load(EXAMPLES[button.dataset.example!]!)));
  }
}

async function load(url: string): Promise<string> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.text();
}
