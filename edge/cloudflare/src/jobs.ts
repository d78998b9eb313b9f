// Documents that one request can't read within its limits: POST /v1/jobs returns at once, and GET /v1/jobs/ID says how far it is.
// Each window is a step of a Workflow, which Cloudflare repeats after a failure. It keeps the document and the results until
// the instance expires: 30 days unless its retention is set.
import { env, WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";
import { NonRetryableError } from "cloudflare:workflows";
import { unauthorized, type Handler } from "precis/edge";

/** What POST /v1/summarize takes as JSON. */
type Document = { readonly text: string } & Record<string, unknown>;

/** Steps that are under way at the same time. */
const AT_ONCE = 4;

const RETRIES = { retries: { limit: 8, delay: "2 seconds", backoff: "exponential" }, timeout: "5 minutes" } as const;

/** Reads one document. */
export class SummaryJob extends WorkflowEntrypoint<Cloudflare.Env, Document> {
  override async run({ payload }: WorkflowEvent<Document>, step: WorkflowStep) {
    const { windows, kind } = await step.do("plan", RETRIES, () => ask("/v1/plan", payload));
    const notes: unknown[] = [];
    // A document that is read in one pass has no windows.
    for (let i = 0; i < windows.length; i += AT_ONCE) {
      const some = windows.slice(i, i + AT_ONCE);
      notes.push(...(await Promise.all(some.map((text: string, j: number) => step.do(`window ${i + j + 1} of ${windows.length}`, RETRIES, () => ask("/v1/note", { text, kind }))))));
    }
    return step.do("summary", RETRIES, () => ask("/v1/summarize", { ...payload, notes }));
  }
}

/** Asks this Worker, in an isolate that Cloudflare chooses. */
async function ask(path: string, body: object) {
  const headers = { "Content-Type": "application/json", ...(env.TOKEN && { Authorization: `Bearer ${env.TOKEN}` }) };
  const response = await env.SELF.fetch(new Request(`https://self.invalid${path}`, { method: "POST", headers, body: JSON.stringify(body) }));
  if (response.ok) return response.json<any>();
  const { code, detail } = await response.json<{ code: string; detail: string }>();
  // A 4xx answer would come again: the step is not repeated.
  throw new (response.status < 500 ? NonRetryableError : Error)(`${code}: ${detail}`);
}

/** Answers /v1/jobs; undefined for other paths. */
export async function jobs(request: Request, handler: Handler, context: ExecutionContext): Promise<Response | undefined> {
  const { pathname, origin } = new URL(request.url);
  const [, id] = /^\/v1\/jobs\/([\w-]+)$/.exec(pathname) ?? [];
  if (id && request.method === "GET") return (await unauthorized(request, env.TOKEN)) ?? state(id);
  if (pathname !== "/v1/jobs" || request.method !== "POST") return undefined;
  const type = request.headers.get("Content-Type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json" || request.headers.has("Content-Encoding")) {
    return problem(415, "unsupported-media-type", "Send the document as JSON with Content-Type: application/json, without Content-Encoding.");
  }
  // The plan checks the token and the document, so that a mistake is answered now.
  const planned = await handler(new Request(`${origin}/v1/plan`, request.clone() as Request), context);
  if (!planned.ok) return planned;
  const job = await env.JOBS.create({ params: await request.json<Document>() });
  return Response.json({ id: job.id }, { status: 202, headers: { Location: `${origin}/v1/jobs/${job.id}` } });
}

async function state(id: string): Promise<Response> {
  const job = await env.JOBS.get(id).catch((error: unknown) => {
    if (/not.?found/i.test(String(error))) return undefined;
    throw error;
  });
  if (!job) return problem(404, "not-found", "There is no such job.");
  const { status, error, output } = await job.status();
  return Response.json({ id, status, error: error ?? null, output: output ?? null }, { headers: { "Cache-Control": "no-store" } });
}

/** An error as the handler has them (RFC 9457). */
export function problem(status: number, code: string, detail: string, headers: Record<string, string> = {}): Response {
  const words = code.replaceAll("-", " ");
  const body = { type: "about:blank", title: words.charAt(0).toUpperCase() + words.slice(1), status, detail, code, message: detail };
  return Response.json(body, { status, headers: { "Content-Type": "application/problem+json", "Cache-Control": "no-store", ...headers } });
}
