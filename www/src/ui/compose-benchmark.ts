/** Repetitions of the article in the full benchmark. */
export const ITERATIONS = 8;

/** The benchmark document: the article `iterations` times under numbered headings, then the question. */
export function compose(article: string, iterations: number = ITERATIONS): string {
  const parts = ["# 40K Token Benchmark Prompt\n\n"];
  for (let i = 1; i <= iterations; i++) parts.push(`## Iteration ${i} of ${iterations}\n\n${article}\n\n`);
  parts.push("Based on all the above content, provide a brief one-sentence summary.\n");
  return parts.join("");
}
