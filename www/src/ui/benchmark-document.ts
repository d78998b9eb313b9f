import articleUrl from "../../../tests/fixtures/article.md?url";
import { compose } from "./compose-benchmark.js";

/** Fetches from this site the article that the benchmark repeats. */
export async function loadArticle(): Promise<string> {
  const response = await fetch(articleUrl);
  if (!response.ok) throw new Error(`the article could not be read (status ${response.status})`);
  return response.text();
}

/** The benchmark document of `iterations` repetitions. */
export async function loadBenchmark(iterations: number): Promise<string> {
  return compose(await loadArticle(), iterations);
}
