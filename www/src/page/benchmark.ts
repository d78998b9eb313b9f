import articleUrl from "../../../tests/fixtures/article.md?url";
import { compose } from "./compose.js";

/** Fetches the article from this site and composes the benchmark document of `iterations` repetitions. */
export async function loadBenchmark(iterations: number): Promise<string> {
  const response = await fetch(articleUrl);
  if (!response.ok) throw new Error(`the article could not be read (status ${response.status})`);
  return compose(await response.text(), iterations);
}
