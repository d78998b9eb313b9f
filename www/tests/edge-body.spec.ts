/** What the fetch handler takes and what it refuses, before the engine is asked for anything. */
import { gzipSync } from "node:zlib";
import { expect, test } from "@playwright/test";
import type * as Body from "../src/edge/body.js";
import type * as Sse from "../src/edge/sse.js";
import { ARTICLE, ask, compiled, createHandler, health, module, refusal, standIn, tiny } from "./edge/service.js";

const { readDocument, readWindow, TEXT } = await compiled<typeof Body>("body.js");
const { prefersEvents } = await compiled<typeof Sse>("sse.js");

const LIMITS = { bytes: 1000, bodySeconds: 20, tokens: 100, positions: null, seconds: 1, queue: 1, queueBytes: 2000, notes: 1, tries: 2, noteSeconds: 1 };

/** Of a place in which all bytes fit. */
const hold = () => {};

/** A body that never ends, and what was made of it. */
function endless(chunk: Uint8Array | null) {
  const seen = { pulled: 0, cancelled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        seen.pulled++;
        if (chunk) controller.enqueue(chunk);
        // Else the reader waits for ever.
        else return new Promise<void>(() => {});
      },
      cancel() {
        seen.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { body, seen };
}

test("documents come as text or as JSON with options", async () => {
  const read = (body: string | Uint8Array | object, headers = {}) => readDocument(ask("/summarize", body, headers), LIMITS, hold);
  const defaults = { length: undefined, form: "paragraph", instruction: undefined, max_tokens: 100, strategy: "auto" };
  const plain = { ...defaults, text: "naïve 🦀\r\n" };
  expect(await read(new TextEncoder().encode("\ufeffnaïve 🦀\r\n"))).toEqual(plain);
  expect(await read("naïve 🦀\r\n", { "Content-Type": 'Text/Plain; Charset="UTF-8"' })).toEqual(plain);
  expect(await read({ text: "a" })).toEqual({ ...defaults, text: "a" });
  const asked = { text: "a", length: "long", form: "key-points", instruction: "Why?", strategy: "windows", max_tokens: 7 };
  expect(await read(asked)).toEqual(asked);
  expect(await readDocument(ask("/summarize", { text: "a", length: "medium" }), { ...LIMITS, tokens: 512 }, hold)).toMatchObject({ max_tokens: 288 });
  expect(await readDocument(ask("/summarize", { text: "a" }), { ...LIMITS, tokens: 50 }, hold), "never more than the limit").toMatchObject({ max_tokens: 50 });
  const long = (characters: number) => readDocument(ask("/summarize", { text: "a", instruction: "🦀".repeat(characters) }), { ...LIMITS, bytes: 10_000 }, hold);
  await long(300);
  await expect(long(301)).rejects.toMatchObject({ code: "invalid-options" });
});

test("texts of other types and encodings are read as what they say", async () => {
  const read = async (body: Uint8Array, type: string) => (await readDocument(ask("/summarize", body, { "Content-Type": type }), LIMITS, hold)).text;
  const bytes = (...all: number[]) => Uint8Array.from(all);
  const ascii = (text: string) => [...Buffer.from(text, "latin1")];
  for (const type of ["text/plain", "text/markdown", "text/html", "Text/Markdown; variant=GFM"]) expect(await read(Buffer.from("# né"), type)).toBe("# né");
  expect(await read(bytes(...ascii("né")), "text/plain; charset=ISO-8859-1")).toBe("né");
  expect(await read(bytes(0x82, 0xa0), 'text/markdown;charset="Shift_JIS"')).toBe("あ");
  expect(await read(bytes(0xff, 0xfe, 0x6e, 0, 0xe9, 0), "text/plain")).toBe("né");
  expect(await read(bytes(0xfe, 0xff, 0, 0x6e), "text/plain; charset=utf-8"), "the mark comes first").toBe("n");
  expect(await read(bytes(...ascii('<meta charset="windows-1252">né')), "text/html")).toContain("né");
  expect(await read(bytes(...ascii('<META http-equiv=Content-Type content="text/html; charset=iso-8859-15">\xa4')), "text/html")).toContain("€");
  expect(await read(Buffer.from('<meta charset="utf-16">né'), "text/html")).toContain("né");
  await expect(read(bytes(...ascii('<meta charset="windows-1252">né')), "text/plain")).rejects.toMatchObject({ code: "document-not-text" });
});

test("a body in gzip is unpacked, within the limits", async () => {
  const { handler } = standIn({}, { limits: { bytes: 1000, queueBytes: 1000 } });
  const send = (text: string, headers = {}) => handler(ask("/summarize", gzipSync(text), { "Content-Encoding": "GZIP", ...headers }));
  const read = (body: Uint8Array, type: string) => readDocument(ask("/summarize", body, { "Content-Type": type, "Content-Encoding": "gzip" }), LIMITS, hold);
  expect(await read(gzipSync("né"), "text/plain")).toMatchObject({ text: "né" });
  expect(await read(gzipSync('{"text":"né","length":"short"}'), "application/json")).toMatchObject({ text: "né", length: "short" });
  expect(await refusal(await send("a".repeat(1000)))).toBe("200");
  expect(await refusal(await send("a".repeat(1001)))).toBe("413 document-too-large");
  expect(await health(handler)).toMatchObject({ queued_bytes: 0 });
  // Of what would be 100 MB no more is made than shows that.
  const large = standIn({}, {}).handler;
  const bomb = gzipSync(Buffer.alloc(100_000_000, 97));
  const before = process.memoryUsage().arrayBuffers;
  expect(await refusal(await large(ask("/summarize", bomb, { "Content-Encoding": "gzip" })))).toBe("413 document-too-large");
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20e6);
});

test("a window comes with the kind of its document, or without", async () => {
  const read = (body: object) => readWindow(ask("/note", body), LIMITS, hold);
  expect(await read({ text: "a", kind: "release-notes" })).toEqual({ text: "a", kind: "release-notes" });
  expect(await read({ text: "a" })).toEqual({ text: "a", kind: undefined });
});

test("what is no document is refused with a code, and loads no model", async () => {
  const model = tiny();
  const handler = createHandler({ module, model, limits: { bytes: 1000, tokens: 100 } });
  const json = { "Content-Type": "application/json" };
  const cases: [string, string | Uint8Array | object, Record<string, string>?][] = [
    ["415 unsupported-media-type", "a", { "Content-Type": "application/pdf" }],
    ["415 unsupported-media-type", "a", { "Content-Type": "text/plain; charset=klingon" }],
    ["415 unsupported-media-type", '{"text":"a"}', { "Content-Type": "application/json; charset=utf-16le" }],
    ["415 unsupported-media-type", "a", { "Content-Type": "text/csv" }],
    ["415 unsupported-media-type", "a", { "Content-Encoding": "br" }],
    ["415 unsupported-media-type", "a", { "Content-Encoding": "gzip, gzip" }],
    ["422 document-not-text", "not in gzip", { "Content-Encoding": "gzip" }],
    ["422 document-not-text", gzipSync("cut off").subarray(0, 20), { "Content-Encoding": "gzip" }],
    ["422 empty-document", gzipSync(""), { "Content-Encoding": "gzip" }],
    ["422 document-not-text", Uint8Array.of(0x80, 0x81), { "Content-Type": "text/plain; charset=shift_jis" }],
    ["415 unsupported-media-type", Uint8Array.of(97), { "Content-Type": "" }],
    ["422 document-not-text", Uint8Array.of(0x61, 0xff, 0x62)],
    ["422 document-not-text", "a\0b"],
    ["422 empty-document", ""],
    ["422 empty-document", " \u00a0\u2003\n\ufeff"],
    ["400 malformed-json", '{"text": "a"', json],
    ["400 malformed-json", "", json],
    ["400 malformed-json", Uint8Array.of(0x22, 0xff, 0x22), json],
    ["422 invalid-options", "[]", json],
    ["422 invalid-options", "null", json],
    ["422 invalid-options", {}],
    ["422 invalid-options", { text: 7 }],
    ["422 invalid-options", '{"text": "a", "__proto__": {}}', json],
    ["422 invalid-options", { text: "a", chunk: 5 }],
    ["422 invalid-options", { text: "a", length: "tiny" }],
    ["422 invalid-options", { text: "a", length: null }],
    ["422 invalid-options", { text: "a", form: "poem" }],
    ["422 invalid-options", { text: "a", instruction: 1 }],
    ["422 invalid-options", { text: "a", strategy: "constructor" }],
    ["422 invalid-options", { text: "a", strategy: null }],
    ...[0, 101, 1.5, "5", null, true].map((max_tokens): [string, object] => ["422 invalid-options", { text: "a", max_tokens }]),
    ["422 document-not-text", { text: "a\0" }],
    ["422 empty-document", { text: "\n" }],
    ["413 document-too-large", "a".repeat(1001)],
  ];
  for (const [expected, body, headers] of cases) expect(await refusal(await handler(ask("/summarize", body, headers))), JSON.stringify([body, headers])).toBe(expected);
  expect(await refusal(await handler(ask("/note", "a")))).toBe("415 unsupported-media-type");
  for (const body of [{ text: "a", length: "short" }, { text: "a", kind: "poem" }, { text: "a", kind: null }, { kind: "mail" }]) {
    expect(await refusal(await handler(ask("/note", body))), JSON.stringify(body)).toBe("422 invalid-options");
  }
  expect(model.opened).toBe(0);
  expect(await health(handler)).toMatchObject({ loaded: false, waiting: 0 });
});

test("the pattern of a text says what the handler does", async () => {
  const pattern = new RegExp(TEXT, "u");
  for (const text of ["a", "\n é", "🦀", "", " ", "\u0085\u3000", "a\0", "\0", "\u001c"]) {
    const taken = await readDocument(ask("/summarize", { text }), LIMITS, hold).then(() => true, () => false);
    expect(pattern.test(text), JSON.stringify(text)).toBe(taken);
  }
});

test("a body of the largest size is read, and of a larger one no more than shows that", async () => {
  const { handler } = standIn({}, { limits: { bytes: 1000 } });
  expect(await refusal(await handler(ask("/summarize", "a".repeat(1000))))).toBe("200");
  const announced = endless(new Uint8Array(100).fill(97));
  expect(await refusal(await handler(ask("/summarize", announced.body, { "Content-Length": "1001" })))).toBe("413 document-too-large");
  expect(announced.seen).toEqual({ pulled: 0, cancelled: true });
  const streamed = endless(new Uint8Array(100).fill(97));
  expect(await refusal(await handler(ask("/summarize", streamed.body)))).toBe("413 document-too-large");
  expect(streamed.seen).toEqual({ pulled: 11, cancelled: true });
});

test("a body that doesn't come is not waited for, nor for its place in the queue", async () => {
  const { handler } = standIn({}, { limits: { bodySeconds: 0.02, queue: 0 } });
  const slow = endless(null);
  const waiting = handler(ask("/summarize", slow.body));
  expect(await refusal(await handler(ask("/summarize", ARTICLE)))).toBe("200");
  expect(await refusal(await waiting)).toBe("408 body-timeout");
  expect(slow.seen.cancelled).toBe(true);
});

test("events are sent to who prefers them", () => {
  const all: [string | null, boolean][] = [
    [null, false],
    ["*/*", false],
    ["application/json", false],
    ["text/event-stream", true],
    ["Text/Event-Stream; q=0.5", true],
    ["text/event-stream, application/json", false],
    ["application/json;q=0.9, text/event-stream", true],
    ["text/event-stream;q=0.1, */*;q=0.9", false],
    ["text/event-stream;q=0, */*", false],
    ["text/*;q=0.8, application/*;q=0.7", true],
    ["application/json;q=x, text/event-stream;q=0.1", true],
  ];
  for (const [accept, expected] of all) expect(prefersEvents(accept), String(accept)).toBe(expected);
});
