/** What the tests of the fetch handler share: the compiled code, models, requests, and a stand-in for the engine. */
import { readFileSync } from "node:fs";
import { expect } from "@playwright/test";
import type * as EngineSide from "../../src/edge/engine.js";
import type { Problem } from "../../src/edge/errors.js";
import type * as HandlerSide from "../../src/edge/handler.js";
import type * as Simd from "../../src/edge/simd.js";
import type { Answer, Handler, Model } from "../../src/edge/types.js";
import type { Kind, Note, Report } from "../../src/edge/wasm/simd/precis.js";
import { repository, tinyModel } from "../paths.js";

/** The package as `cargo xtask build` leaves it. */
export const pkg = `${repository}/www/pkg`;

/** A file of it, as the tests' own TypeScript knows it. */
export async function compiled<T>(file: string): Promise<T> {
  return (await import(`${pkg}/edge/${file}`)) as T;
}

/** Node has relaxed SIMD from version 22 on only, so here it is the other build. */
export const { createHandler } = await compiled<typeof Simd>("simd.js");
export const { handlersOf } = await compiled<typeof HandlerSide>("handler.js");
export const module = new WebAssembly.Module(readFileSync(`${pkg}/edge/precis-simd.wasm`));

const TINY = readFileSync(tinyModel);

/** The tiny model, from memory; `opened` counts how often it was asked for. */
export function tiny(changes: Partial<Model> = {}): Model & { opened: number } {
  return {
    id: "tiny",
    sha256: null,
    bytes: TINY.length,
    opened: 0,
    async open() {
      this.opened++;
      return new Blob([TINY]).stream();
    },
    ...changes,
  };
}

/** A document of 1,000 tokens of the real model. */
export const THOUSAND = readFileSync(`${repository}/tests/fixtures/article.md`, "utf8").slice(0, 5_800);

/** The first 4,000 characters of the article: several windows for the tiny model, one pass for the real one. */
export const ARTICLE = readFileSync(`${repository}/tests/fixtures/article.md`, "utf8").slice(0, 4000);

/** A document that takes the tiny model longer than a test. */
export const ENDLESS = ARTICLE.repeat(100);

/** A request with a document, or with JSON. */
export function ask(path: string, body: BodyInit | object, headers: Record<string, string> = {}, signal?: AbortSignal): Request {
  const raw = typeof body === "string" || body instanceof ReadableStream || body instanceof Uint8Array;
  return new Request(`https://precis.test${path}`, {
    method: "POST",
    body: raw ? (body as BodyInit) : JSON.stringify(body),
    headers: { "Content-Type": raw ? "text/plain" : "application/json", ...headers },
    ...(body instanceof ReadableStream && { duplex: "half" }),
    ...(signal && { signal }),
  } as RequestInit);
}

/** The answer to a document, which is expected to be one. */
export async function answered(response: Response): Promise<Answer> {
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as Answer;
}

/** Status and code of a refusal. */
export async function refusal(response: Response): Promise<string> {
  if (response.status === 200) return "200";
  const { type, title, status, detail, code, message } = (await response.json()) as Problem;
  // RFC 9457, and what was there before it.
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect({ type, status, detail }).toEqual({ type: `/#${code}`, status: response.status, detail: message });
  expect(title).toMatch(/^[A-Z][a-z ]+$/);
  if (!/^[A-Z].*\.$/s.test(message)) throw new Error(`not a sentence: ${message}`);
  return `${response.status} ${code}`;
}

/** What GET /health says. */
export async function health(handler: Handler): Promise<Record<string, unknown>> {
  return (await (await handler(new Request("https://precis.test/health"))).json()) as Record<string, unknown>;
}

export interface ServerEvent {
  event: string;
  data: { summary: string; code: string; text: string };
}

/** The events of a stream, as they come. */
export async function* events(response: Response): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) {
      // A sign of life.
      if (text.startsWith(":\n\n")) continue;
      const match = /^event: (.*)\ndata: (.*)$/.exec(text.slice(0, end));
      if (!match) throw new Error(`not an event: ${text.slice(0, end)}`);
      yield { event: match[1] ?? "", data: JSON.parse(match[2] ?? "") as ServerEvent["data"] };
    }
  }
}

/** A promise to be settled from outside. */
export function gate<T = void>() {
  let open!: (value: T) => void;
  let fail!: (error: unknown) => void;
  const promise = new Promise<T>((resolve, reject) => ((open = resolve), (fail = reject)));
  return { promise, open, fail };
}

type Engine = ReturnType<EngineSide.Loader["finish"]>;

/** A handler on an engine that does what the test says, for what the real one can't be made to do. `made` counts instances. */
export function standIn(engine: Partial<Engine>, options: Partial<Parameters<ReturnType<typeof handlersOf>>[0]> = {}) {
  const state = { made: 0, trap: (_: unknown) => {} };
  const instantiate: EngineSide.Instantiate = (_, onTrap) => {
    state.made++;
    state.trap = onTrap;
    class ModelLoader implements EngineSide.Loader {
      push() {}
      finish() {
        return { plan: () => plan(["all"]), note: async () => note("noted"), summarize: async () => report("summary"), ...engine };
      }
    }
    return { ModelLoader, memory: new WebAssembly.Memory({ initial: 1 }) };
  };
  return { state, handler: handlersOf(instantiate, "a test")({ module, model: tiny(), onEvent: () => {}, ...options }) };
}

export const plan = (windows: string[], kind: Kind = "prose") => ({ tokens: 1, kind, windows }) as ReturnType<Engine["plan"]>;
export const note = (text: string): Note => ({ text, tokens: 1, ms: null, judged: [] });
export const report = (summary: string): Report => ({ summary, plan: {}, prefill: { tokens: 0 }, peak: { gemm_gmacs: null }, absent: {} }) as Report;
