import articleUrl from "../../../tests/fixtures/golden.json?url";
import articleLogitsUrl from "../../../tests/fixtures/article-300-exact.logits.f16?url";
import tinyUrl from "../../../tests/fixtures/golden-tiny.json?url";
import tinyLogitsUrl from "../../../tests/fixtures/tiny-200-exact.logits.f16?url";
import { fetchFile } from "../ui/fetch-file.js";

/** A prompt and its golden logits; both are empty if none are recorded. */
export interface Golden {
  goldenIds: Uint32Array;
  goldenLogits: Uint8Array;
}

/** The fields of a record that are used here (see tests/fixtures/README.md). */
interface Recorded {
  model: { sha256: string };
  prompts: { name: string; ids: number[] }[];
}

const RECORDS = [
  { url: articleUrl, logits: articleLogitsUrl, prompt: "article-300" },
  { url: tinyUrl, logits: tinyLogitsUrl, prompt: "tiny-200" },
];

/** The golden logits for the model with this hash. */
export async function goldenOf(sha256: string): Promise<Golden> {
  for (const { url, logits, prompt } of RECORDS) {
    const record = (await (await fetchFile(url, "the recorded logits")).json()) as Recorded;
    if (record.model.sha256 !== sha256) continue;
    const ids = record.prompts.find(({ name }) => name === prompt)?.ids ?? [];
    return { goldenIds: Uint32Array.from(ids), goldenLogits: new Uint8Array(await (await fetchFile(logits, "the recorded logits")).arrayBuffer()) };
  }
  return { goldenIds: new Uint32Array(), goldenLogits: new Uint8Array() };
}
