/** Callers that ask for the notes on a document's windows themselves. */
import { expect, test } from "@playwright/test";
import type { Note, Windows } from "../src/edge/wasm/simd/precis.js";
import { answered, ARTICLE, ask, createHandler, module, refusal, tiny } from "./edge/service.js";

const handler = createHandler({ module, model: tiny() });
const document = { text: ARTICLE, length: "short" };

async function said<T>(path: string, body: object): Promise<T> {
  const response = await handler(ask(path, body));
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

test("with the notes on all windows nothing is read again, with some the rest", async () => {
  const { windows, kind, tokens } = await said<Windows>("/v1/plan", document);
  expect(windows.length).toBeGreaterThan(2);
  expect(windows.every((window) => ARTICLE.includes(window))).toBe(true);
  const notes: (Note | null)[] = [];
  for (const text of windows) notes.push(await said<Note>("/v1/note", { text, kind }));
  const alone = await answered(await handler(ask("/v1/summarize", document)));
  expect(tokens).toBe(alone.report.document.tokens);

  const all = await answered(await handler(ask("/v1/summarize", { ...document, notes })));
  expect(all.summary).toBe(alone.summary);
  expect(all.fan_out).toBeNull();
  const read = notes.reduce((sum, note) => sum + note!.tokens, 0);
  expect(all.report.plan).toMatchObject({ windows: windows.length, elsewhere: windows.length, elsewhere_tokens: read });
  expect(all.report.prefill.tokens).toBe(alone.report.prefill.tokens - read);

  const missing = notes[1]!.tokens;
  notes[1] = null;
  const some = await answered(await handler(ask("/v1/summarize", { ...document, notes })));
  expect(some.summary).toBe(alone.summary);
  expect(some.report.plan).toMatchObject({ elsewhere: windows.length - 1, elsewhere_tokens: read - missing });
  expect(some.report.prefill.tokens).toBe(all.report.prefill.tokens + missing);
});

test("notes that can't be are refused", async () => {
  const note = await said<Note>("/v1/note", { text: ARTICLE.slice(0, 500) });
  const wrong = [
    "none",
    [7],
    [{ ...note, text: "x".repeat(5000) }],
    [{ ...note, tokens: -1 }],
    [{ ...note, tokens: 1e9 }],
    [{ ...note, judged: [{ at: 5, worth: 1 }, { at: 5, worth: 1 }] }],
    [{ ...note, judged: [{ at: 0, worth: 1e9 }] }],
    Array.from({ length: 100 }, () => note),
  ];
  for (const notes of wrong) expect(await refusal(await handler(ask("/v1/summarize", { ...document, notes })))).toBe("422 invalid-options");
  expect(await refusal(await handler(ask("/v1/plan", { ...document, notes: [] })))).toBe("422 invalid-options");
  expect(await refusal(await handler(ask("/v1/plan", { text: " " })))).toBe("422 empty-document");
  const secured = createHandler({ module, model: tiny(), token: "secret" });
  expect(await refusal(await secured(ask("/v1/plan", document)))).toBe("401 unauthorized");
});

test("what is read without notes has no windows", async () => {
  const text = "Bees visit flowers to collect nectar and pollen, and fertilize plants on their way.";
  for (const document of [{ text }, { text: ARTICLE, instruction: "What is a circuit breaker?" }]) {
    expect(await said<Windows>("/v1/plan", document)).toMatchObject({ windows: [] });
    for (const notes of [[], [null]]) {
      const { report } = await answered(await handler(ask("/v1/summarize", { ...document, notes })));
      expect(report.plan.elsewhere).toBe(0);
    }
  }
});

test("notes have room beside the largest document", async () => {
  const limited = createHandler({ module, model: tiny(), limits: { bytes: ARTICLE.length, queueBytes: 1 } });
  const { windows, kind } = (await (await limited(ask("/v1/plan", ARTICLE))).json()) as Windows;
  const notes: Note[] = [];
  for (const text of windows) notes.push((await (await limited(ask("/v1/note", { text, kind }))).json()) as Note);
  const body = { text: ARTICLE, notes };
  expect(JSON.stringify(body).length).toBeGreaterThan(ARTICLE.length);
  expect((await answered(await limited(ask("/v1/summarize", body)))).report.plan.elsewhere).toBe(windows.length);
  expect(await refusal(await limited(ask("/v1/summarize", { text: `${ARTICLE} more` })))).toBe("413 document-too-large");
});
