/** The fetch handler's routes and answers, and its engine's instances. */
import { readFileSync } from "node:fs";
import { expect, test } from "@playwright/test";
import { instanceOf } from "../scripts/edge-glue.mjs";
import type * as Body from "../src/edge/body.js";
import type * as Definitions from "../src/edge/definitions.js";
import type { HandlerEvent } from "../src/edge/events.js";
import type * as Glue from "../src/edge/wasm/simd/instance.js";
import { answered, ARTICLE, ask, compiled, createHandler, events, handlersOf, health, module, pkg, refusal, report, type ServerEvent, standIn, tiny } from "./edge/service.js";

const { TEXT } = await compiled<typeof Body>("body.js");
const { STATUS } = await compiled<typeof Definitions>("definitions.js");
const { instantiate } = await compiled<typeof Glue>("wasm/simd/instance.js");

/** The path in the first version of the interface, and its alias. */
const versions = (path: string) => [`/v1${path}`, path];

const get = (path: string, method = "GET") => new Request(`https://precis.test${path}`, { method });

test("every path has its methods", async () => {
  const { handler } = standIn({});
  const statusOf = async (path: string, method: string) => {
    const response = await handler(get(path, method));
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
    return `${response.status} ${response.headers.get("allow") ?? ""}`.trim();
  };
  for (const path of ["/", ...["/health", "/ready", "/openapi.json"].flatMap(versions)]) {
    expect(await statusOf(path, "GET")).toBe("200");
    expect(await statusOf(path, "HEAD")).toBe("200");
    expect(await (await handler(get(path, "HEAD"))).text()).toBe("");
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"]) expect(await statusOf(path, method)).toBe("405 GET, HEAD");
  }
  for (const path of ["/summarize", "/note"].flatMap(versions)) {
    for (const method of ["GET", "HEAD", "PUT", "OPTIONS"]) expect(await statusOf(path, method)).toBe("405 POST");
  }
  for (const path of ["/nothing", "/summarize/", "/constructor", "/__proto__", "//", "/v1", "/v1/", "/v2/health", "/v1/v1/health"]) expect(await statusOf(path, "GET"), path).toBe("404");
  expect(await refusal(await handler(get("/nothing")))).toBe("404 not-found");
  expect(await refusal(await handler(get("/summarize?x=1")))).toBe("405 method-not-allowed");
});

test("a token is asked for where something is computed, and only there", async () => {
  const { handler } = standIn({}, { token: "secret" });
  for (const Authorization of ["", "secret", "Basic secret", "Bearer", "Bearer secre", "Bearer secrets", "Bearer Secret", "Bearer secret secret"]) {
    for (const path of ["/summarize", "/note"].flatMap(versions)) {
      const response = await handler(ask(path, { text: "a" }, Authorization ? { Authorization } : {}));
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
      expect(await refusal(response), Authorization).toBe("401 unauthorized");
    }
  }
  for (const Authorization of ["Bearer secret", "bearer  secret"]) expect(await refusal(await handler(ask("/summarize", "a", { Authorization })))).toBe("200");
  for (const path of ["/", "/health", "/ready", "/openapi.json"]) expect((await handler(get(path))).status).toBe(200);
});

test("a token that is empty, or that nobody could send, is refused at the start", () => {
  for (const token of ["", " ", "two words", "secret\n", "tab\t", "naïve", null, 7]) {
    expect(() => standIn({}, { token: token as string }), JSON.stringify(token)).toThrow(/^Invalid token/);
  }
  for (const token of ["secret", "a+b/c==", "~", undefined]) standIn({}, { token });
});

test("the answer as events is the answer as JSON, as it comes", async () => {
  const handler = createHandler({ module, model: tiny() });
  const json = await answered(await handler(ask("/summarize", ARTICLE)));
  expect(json.report).toMatchObject({ summary: json.summary, model: { id: "tiny" }, backend: { kind: "wasm-simd", threads: 1 } });
  const response = await handler(ask("/summarize", { text: ARTICLE }, { Accept: "text/event-stream" }));
  expect(Object.fromEntries(response.headers)).toMatchObject({ "content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no", "cache-control": "no-store", "x-content-type-options": "nosniff" });
  const all: ServerEvent[] = [];
  for await (const event of events(response)) all.push(event);
  expect(all[0]).toMatchObject({ event: "planned", data: { type: "planned" } });
  expect(all.at(-1)).toMatchObject({ event: "report", data: { summary: json.summary, fan_out: null } });
  expect(new Set(all.map(({ event }) => event))).toEqual(new Set(["planned", "stage", "read", "piece", "report"]));
  expect(all.filter(({ event }) => event === "piece").map(({ data }) => data.text).join("")).toBe(json.summary);
});

test("the option max_tokens reaches the engine", async () => {
  const handler = createHandler({ module, model: tiny() });
  // What the model writes for a summary is a note.
  const written = async (max_tokens: number) => {
    const body = { text: "Bees collect nectar and pollen from all the flowers of the meadow.", max_tokens };
    return (await answered(await handler(ask("/summarize", body)))).report.decode.tokens;
  };
  const few = await written(4);
  expect(few).toBeLessThanOrEqual(4);
  expect(await written(40)).toBeGreaterThan(few);
});

test("what goes wrong after the first event is an event, too", async () => {
  const told: HandlerEvent[] = [];
  const failing = (error: Error) => standIn({ summarize: async (_, __, ___, on_event) => (on_event({ type: "piece", text: "a" }), Promise.reject(error)) }, { onEvent: (event) => told.push(event) }).handler;
  for (const [error, code] of [[Object.assign(new Error("No memory is left."), { code: "out-of-memory" }), "out-of-memory"], [new TypeError("a secret of the server's"), "internal"]] as const) {
    const all: ServerEvent[] = [];
    for await (const event of events(await failing(error)(ask("/summarize", "text", { Accept: "text/event-stream" })))) all.push(event);
    expect(all.map(({ event }) => event)).toEqual(["piece", "error"]);
    const message = expect.not.stringContaining("secret");
    expect(all[1]?.data).toEqual({ type: `/#${code}`, title: expect.stringMatching(/^[A-Z]/), status: STATUS[code], detail: message, code, message });
  }
  // Only the log has what may be secret.
  expect(told.filter(({ type }) => type !== "model-loaded")).toEqual([{ type: "internal-error", error: expect.objectContaining({ message: "a secret of the server's" }) }]);
});

test("the limits reach the engine", async () => {
  const given: unknown[] = [];
  const { handler } = standIn({ summarize: async (_, options) => (given.push(options), report("done")) }, { limits: { positions: 512, tokens: 64 } });
  for (const body of ["text", { text: "text", length: "short", strategy: "one-pass" }]) await answered(await handler(ask("/summarize", body)));
  expect(given).toEqual([
    { form: "paragraph", max_tokens: 64, strategy: "auto", positions: 512, fresh: true, notes: [], started_ms: expect.any(Number) },
    { length: "short", form: "paragraph", max_tokens: 64, strategy: "one-pass", positions: 512, fresh: true, notes: [], started_ms: expect.any(Number) },
  ]);
});

test("the description names every status and code, and only what there is", async () => {
  for (const token of [undefined, "secret"]) {
    const { handler } = standIn({}, { token, limits: { tokens: 77, bytes: 1234 } });
    const description = (await (await handler(get("/openapi.json"))).json()) as { paths: Record<string, Record<string, { responses: object; operationId: string }>> };
    const { responses } = description.paths["/v1/summarize"]!.post!;
    expect(description.paths["/summarize"]!.post!.responses).toEqual(responses);
    const ids = Object.values(description.paths).flatMap((operations) => Object.values(operations).map(({ operationId }) => operationId));
    expect(new Set(ids).size).toBe(ids.length);
    for (const path of Object.keys(description.paths)) expect((await handler(get(path, "OPTIONS"))).status, path).toBe(405);
    const expected = new Set([200, ...Object.entries(STATUS).filter(([code]) => token || code !== "unauthorized").map(([, status]) => status)]);
    // What no caller of a described path and method can get.
    for (const status of [404, 405]) expected.delete(status as 200);
    expect(Object.keys(responses)).toEqual([...expected].sort().map(String));
    const text = JSON.stringify(description);
    for (const code of Object.keys(STATUS)) expect.soft(text.includes(`"${code}"`), code).toBe(![404, 405, 500].includes(STATUS[code as "busy"]) && (code !== "unauthorized" || Boolean(token)));
    expect(text).toContain('"maximum":77');
    expect(text).toContain('"maxLength":1234');
    expect(text).toContain(JSON.stringify(TEXT));
    // References lead somewhere.
    for (const [, name] of text.matchAll(/#\/components\/schemas\/(\w+)/g)) expect(text).toContain(`"${name}":{`);
    // What /health says fits its schema.
    const { Health } = (description as unknown as { components: { schemas: Record<string, { required: string[] }> } }).components.schemas;
    expect(Object.keys(await health(handler)).sort()).toEqual([...Health!.required].sort());
  }
});

test("the page for people allows itself nothing but its style", async () => {
  const { handler } = standIn({}, { model: tiny({ id: "<b>" }), token: "secret" });
  const response = await handler(get("/"));
  const policy = response.headers.get("content-security-policy") ?? "";
  const nonce = /style-src 'nonce-([\w-]+)'/.exec(policy)?.[1];
  expect(policy).toContain("default-src 'none'");
  const html = await response.text();
  expect(html).toContain(`<style nonce="${nonce}">`);
  expect(html).not.toMatch(/<script|style="|<b>|secret/);
  expect(html).toContain("Authorization: Bearer");
  // What the type of an error leads to.
  for (const code of Object.keys(STATUS)) expect(html).toContain(`id="${code}"`);
});

test("an engine without memory traps in a task of its own, and the next request has another", async () => {
  const memories: WebAssembly.Memory[] = [];
  const handler = handlersOf((module, onTrap) => {
    const instance = instantiate(module, onTrap);
    memories.push(instance.memory);
    return instance;
  }, "a test")({ module, model: tiny() });
  const good = await answered(await handler(ask("/summarize", ARTICLE)));
  // All that the module may have, taken from outside.
  for (let pages = 65536; pages >= 1; pages /= 2) {
    try {
      for (;;) memories[0]?.grow(pages);
    } catch {
      continue;
    }
  }
  expect(await refusal(await handler(ask("/summarize", "word ".repeat(50_000))))).toBe("500 engine-crashed");
  expect(await health(handler)).toMatchObject({ loaded: false, memory_bytes: null });
  expect((await answered(await handler(ask("/summarize", ARTICLE)))).summary).toBe(good.summary);
  expect(memories.length).toBe(2);
  expect((await health(handler)).memory_bytes).toBe(memories[1]?.buffer.byteLength);
});

test("a dead instance is quiet where nobody listens, and says what it died of elsewhere", async () => {
  const bytes = new Uint8Array(await new Response(await tiny().open()).arrayBuffer());
  const traps: unknown[] = [];
  const { ModelLoader, memory } = instantiate(module, (error) => traps.push(error));
  const loader = new ModelLoader(bytes.length, { id: "tiny", sha256: null, read_ms: null }, "a test");
  loader.push(bytes);
  const engine = loader.finish();
  new Uint8Array(memory.buffer).fill(0xff);
  expect(() => engine.plan(ARTICLE, {})).toThrow(WebAssembly.RuntimeError);
  expect(() => engine.context()).toThrow(WebAssembly.RuntimeError);
  engine.free();
  expect(traps.length).toBe(1);
});

test("glue of another shape is refused", () => {
  const glue = readFileSync(`${pkg}/../src/edge/wasm/relaxed/precis.js`, "utf8");
  expect(instanceOf(glue)).toContain("export function instantiate(module, onTrap)");
  const changes: [string, (glue: string) => string][] = [
    ["last part", (glue) => glue.replace("let __wbg_init_promise;", "let __wbg_promise;")],
    ["last part", (glue) => `${glue}\nexport { more };\n`],
    ["class Engine", (glue) => glue.replace("export class Engine", "class Engine")],
    ["wasm = instance.exports", (glue) => glue.replace("wasm = instance.exports;", "wasm = use(instance.exports);")],
    ["initSync", (glue) => glue.replace("function initSync(module)", "function initSync(module, memory)")],
    ["closures", (glue) => glue.replaceAll("__closures_", "__functions_")],
    ["import", (glue) => `import { x } from "./snippets/x.js";\n${glue}`],
    ["import.meta", (glue) => glue.replace("let WASM_VECTOR_LEN = 0;", "const here = import.meta.url;")],
  ];
  for (const [reason, change] of changes) expect(() => instanceOf(change(glue)), reason).toThrow(reason);
});
