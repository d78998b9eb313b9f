import articleUrl from "../../../tests/fixtures/article.md?url";
import { compose } from "./compose-benchmark.js";
import { fetchFile } from "./fetch-file.js";

/** Fetches from this site the article that the benchmark repeats. */
export async function loadArticle(): Promise<string> {
  return (await fetchFile(articleUrl, "the article")).text();
}

/** The benchmark document of `iterations` repetitions. */
export async function loadBenchmark(iterations: number): Promise<string> {
  return compose(await loadArticle(), iterations);
}
