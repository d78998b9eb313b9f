import { TEXT, TEXTS } from "./body.js";
import { FORMS, KINDS, LENGTHS, LONGEST_INSTRUCTION, STATUS, STRATEGIES, VERSION } from "./definitions.js";
import type { Code } from "./errors.js";
import { REPORT_SCHEMAS } from "./report-schemas.js";
import type { Limits } from "./types.js";

type Schema = Readonly<Record<string, unknown>>;

const count: Schema = { type: "integer", minimum: 0 };
const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: "null" }] });
const object = (properties: Readonly<Record<string, Schema>>, required = Object.keys(properties)): Schema => ({
  type: "object",
  properties,
  required,
  additionalProperties: false,
});
const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const json = (schema: Schema, extra: Schema = {}) => ({ "application/json": { schema, ...extra } });

/** `paths` with the version in front, and as they are: those were there first. */
export function versioned<T>(paths: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(["/v1", ""].flatMap((version) => Object.entries(paths).map(([path, value]) => [`${version}${path}`, value])));
}

/** Errors of every call with a body. */
const BODY: readonly Code[] = ["body-timeout", "unsupported-media-type", "document-too-large", "malformed-json", "invalid-options", "empty-document", "document-not-text"];
/** Errors of every call that may load the model. */
const LOADING: readonly Code[] = ["internal", "engine-crashed", "busy", "timeout", "cancelled", "out-of-memory", "model-unavailable"];
/** Errors of every call that uses the engine. */
const COMPUTING: readonly Code[] = ["prompt-too-long", ...LOADING];

const WHY: Readonly<Record<number, string>> = {
  400: "The body is not JSON.",
  401: "The token is missing or wrong.",
  408: "The body arrived too slowly.",
  413: "The body is too large, and the rest of it was not read; or the document can't be read in time. `detail` has the size that fits.",
  415: "The body is neither text nor JSON, is in an encoding that is not known, or has a content coding other than gzip.",
  422: "The document has no text, or an option is invalid.",
  500: "An error of the engine, the model or this deployment. `code` may be any code of the engine, such as `model-invalid`.",
  503: "The request can't be answered now. With the codes `busy` and `model-unavailable`, Retry-After says when to try again.",
};

/** The OpenAPI description of a deployment with these limits. */
export function openApi(limits: Limits, secured: boolean): Schema {
  // Without a type for Markdown and HTML: any bytes of these are a string, also what programs take for JSON.
  const words = { minLength: 1, maxLength: limits.bytes, pattern: TEXT };
  const text: Schema = { type: "string", ...words };
  const options = {
    text,
    length: { type: "string", enum: LENGTHS, description: "Length of the summary. Default: what the document requests at its end, or else one sentence. `short`, `medium` and `long` are about three, six and twelve sentences." },
    form: { type: "string", enum: FORMS, default: "paragraph", description: "Form of a summary of several sentences." },
    instruction: { type: "string", maxLength: LONGEST_INSTRUCTION, description: "A question about the document, answered instead of a summary. The default model answers with sentences of the document." },
    max_tokens: { type: "integer", minimum: 1, maximum: limits.tokens, description: "Maximum number of tokens in the answer." },
    strategy: { type: "string", enum: STRATEGIES, default: "auto", description: "How the document is read: in one pass, in windows, or whichever fits (`auto`). For a question about a long document, `auto` and `windows` read the passages that match it." },
  };
  const notes = { type: "array", items: orNull(ref("Note")), description: "Notes on the windows of the document's plan, in their order, from `/v1/plan` and `/v1/note` with the same options. Windows without one, or with null, are read by this isolate alone." };
  const part = { text, kind: { type: "string", enum: KINDS, description: "Kind of the whole document, so that all isolates ask the model the same. Default: as the window looks." } };
  const bounds = `At most ${limits.bytes} bytes in ${limits.bodySeconds} s. With Content-Encoding: gzip both hold for what is unpacked, too.`;
  const document = (fields: Readonly<Record<string, Schema>>) => ({
    required: true,
    description: bounds,
    content: { ...json(object(fields, ["text"]), { example: { text: "A document.", length: "short" } }), ...Object.fromEntries(TEXTS.map((type) => [type, { schema: type === "text/plain" ? text : words, example: "A document." }])) },
  });
  return {
    openapi: "3.1.0",
    info: { title: "Précis", version: VERSION, description: "Summarizes documents with a small language model on the edge.", license: { name: "MIT OR Apache-2.0" } },
    servers: [{ url: "/" }],
    paths: {
      "/": getAndHead("usage", "A page that explains how to use this service", { "text/html": { schema: { type: "string" } } }),
      ...aliased({
        "/summarize": {
          post: {
            operationId: "summarize",
            summary: "Summarize a document",
            ...(secured && { security: [{ token: [] }] }),
            requestBody: document({ ...options, notes }),
            responses: {
              200: {
                description: "The summary. As events: `note` after each window that peers or this isolate have read; `planned`, `stage`, `read` and `piece` during the run; then `report` with the same data as the JSON answer, or `error`.",
                content: { ...json(ref("Answer")), "text/event-stream": { schema: { type: "string" } } },
              },
              ...failures([...BODY, ...COMPUTING], secured),
            },
          },
        },
        "/plan": {
          post: {
            operationId: "plan",
            summary: "Divide a document into the windows that /note takes notes on",
            ...(secured && { security: [{ token: [] }] }),
            requestBody: document(options),
            responses: { 200: { description: "The windows, for `/note` one by one. None if the document is read in one pass, or a question reads parts of it.", content: json(ref("Windows")) }, ...failures([...BODY, ...COMPUTING], secured) },
          },
        },
        "/note": {
          post: {
            operationId: "note",
            summary: "Take a note on a window of a document that another isolate summarizes",
            ...(secured && { security: [{ token: [] }] }),
            requestBody: { required: true, description: bounds, content: json(object(part, ["text"]), { example: { text: "A part of a document.", kind: "prose" } }) },
            responses: { 200: { description: "The note.", content: json(ref("Note")) }, ...failures([...BODY, ...COMPUTING], secured) },
          },
        },
        "/health": getAndHead("health", "State of this isolate; does not load the model", json(ref("Health"))),
        "/ready": getAndHead("ready", "Whether the model can be used; loads it if it is not loaded", json(ref("Ready")), failures(LOADING, false)),
        "/openapi.json": getAndHead("describe", "This description", json({ type: "object" })),
      }),
    },
    components: {
      ...(secured && { securitySchemes: { token: { type: "http", scheme: "bearer" } } }),
      schemas: {
        ...REPORT_SCHEMAS,
        Answer: object({ summary: { type: "string" }, report: ref("Report"), fan_out: orNull(ref("FanOut")) }),
        FanOut: object({ windows: count, elsewhere: count, retried: count, hedged: count, peers_failed: count }),
        Note: object({ text: { type: "string" }, tokens: count, ms: orNull({ type: "number", minimum: 0 }), judged: { type: "array", items: object({ at: count, worth: { type: "number" } }) } }),
        Windows: object({ windows: { type: "array", items: { type: "string" } }, tokens: count, kind: { type: "string", enum: KINDS } }),
        Ready: object({ status: { const: "ready" }, model: { type: "string" } }),
        Health: object({
          status: { type: "string", enum: ["ok", "degraded"], description: "`degraded` after a load of the model that failed." },
          model: { type: "string" },
          loaded: { type: "boolean" },
          load_ms: orNull(count),
          failure: orNull(object({ code: { type: "string" }, message: { type: "string" }, retry_after_s: count })),
          waiting: count,
          notes: count,
          queued_bytes: count,
          memory_bytes: orNull(count),
        }),
      },
    },
  };
}

/** Responses for `codes`, grouped by status. */
function failures(codes: readonly Code[], secured: boolean): Record<number, Schema> {
  const all: readonly Code[] = secured ? [...codes, "unauthorized"] : codes;
  const statuses = [...new Set(all.map((code) => STATUS[code]))].sort();
  return Object.fromEntries(
    statuses.map((status) => {
      const code = status === 500 ? { type: "string", pattern: "^[a-z]+(-[a-z]+)*$" } : { type: "string", enum: all.filter((code) => STATUS[code] === status) };
      const headers = {
        ...(status === 401 && { "WWW-Authenticate": { schema: { const: "Bearer" }, required: true } }),
        ...(status === 503 && { "Retry-After": { schema: { type: "integer", minimum: 1 }, description: "Seconds, with the codes `busy` and `model-unavailable`." } }),
      };
      return [status, { description: WHY[status], headers, content: { "application/problem+json": { schema: problem(status, code) } } }];
    }),
  );
}

/** The body of a failure: RFC 9457, with `code` and `message`. */
function problem(status: number, code: Schema): Schema {
  const text = { type: "string" };
  return object({ type: { type: "string", format: "uri-reference" }, title: text, status: { const: status }, detail: text, code, message: text });
}

type Operations = Readonly<Record<string, Schema & { readonly operationId: string; readonly summary: string }>>;

/** `paths`, each with `/v1` in front, and as an alias without it: an operation needs a name of its own. */
function aliased(paths: Readonly<Record<string, Operations>>): Record<string, Operations> {
  const renamed = (operations: Operations, path: string) =>
    Object.fromEntries(Object.entries(operations).map(([method, operation]) => [method, { ...operation, operationId: `${operation.operationId}Alias`, summary: `The same as /v1${path}` }]));
  return Object.fromEntries(Object.entries(versioned(paths)).map(([path, operations]) => [path, path.startsWith("/v1/") ? operations : renamed(operations, path)]));
}

function getAndHead(operationId: string, summary: string, content: Schema, failures: Record<number, Schema> = {}): Operations {
  const bodiless = Object.fromEntries(Object.entries(failures).map(([status, { description, headers }]) => [status, { description, headers }]));
  return {
    get: { operationId, summary, responses: { 200: { description: "OK", content }, ...failures } },
    head: { operationId: `${operationId}Head`, summary: `${summary}: headers only`, responses: { 200: { description: "OK" }, ...bodiless } },
  };
}
