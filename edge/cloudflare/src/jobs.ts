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
    // A document that fits one window needs no notes.
    for (let i = 0; windows.length > 1 && i < windows.length; i += AT_ONCE) {
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
  // What the request caused would fail again.
  throw new (response.status < 500 ? NonRetryableError : Error)(`${code}: ${detail}`);
}

/** Answers /v1/jobs; undefined for other paths. */
export async function jobs(request: Request, handler: Handler): Promise<Response | undefined> {
  const { pathname, origin } = new URL(request.url);
  const [, id] = /^\/v1\/jobs(?:\/([\w-]+))?$/.exec(pathname) ?? [];
  if (id && request.method === "GET") {
    return (await unauthorized(request, env.TOKEN)) ?? state(id);
  }
  if (pathname !== "/v1/jobs" || request.method !== "POST") return undefined;
  if (!request.headers.get("Content-Type")?.startsWith("application/json")) return problem(415, "Unsupported Media Type", "Send the document as JSON with Content-Type: application/json.");
  // The plan checks the token and the document, so that a mistake is answered now.
  const planned = await handler(new Request(`${origin}/v1/plan`, request.clone() as Request));
  if (!planned.ok) return planned;
  const document = await request.json<Document>();
  const job = await env.JOBS.create({ params: document });
  return Response.json({ id: job.id }, { status: 202, headers: { Location: `${origin}/v1/jobs/${job.id}` } });
}

async function state(id: string): Promise<Response> {
  const job = await env.JOBS.get(id).catch(() => undefined);
  if (!job) return problem(404, "Not Found", "There is no such job.");
  const { status, error, output } = await job.status();
  return Response.json({ id, status, error: error ?? null, output: output ?? null }, { headers: { "Cache-Control": "no-store" } });
}

/** An error as the handler has them (RFC 9457). */
export function problem(status: number, title: string, detail: string, headers: Record<string, string> = {}): Response {
  return Response.json({ type: "about:blank", title, status, detail }, { status, headers: { "Content-Type": "application/problem+json", ...headers } });
}
