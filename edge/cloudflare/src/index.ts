import { env } from "cloudflare:workers";
import { createHandler, fromAssets } from "precis/edge";
import module from "precis/edge/precis.wasm";
import manifest from "../assets/model/manifest.json";
import { jobs, problem } from "./jobs.js";
import { notesOf } from "./notes.js";

export { SummaryJob } from "./jobs.js";
export { Notes } from "./notes.js";

// Each peer reads one window of a long document at a time, in another isolate.
const peers = Array.from({ length: 4 }, () => (request: Request) => env.SELF.fetch(request));
// Whoever has the token may learn from an answer what others with it have sent; the public may not.
const keeps = (env.KEEP_NOTES as string) === "yes" && env.TOKEN !== undefined;
const noteStore = () => (keeps ? notesOf(env.TOKEN) : undefined);
const handler = createHandler({ module, model: fromAssets(env.ASSETS, manifest), token: env.TOKEN, peers, noteStore });

/** What a client may not send too often. Notes are for peers, which send one request for each window. */
const COUNTED = ["/summarize", "/v1/summarize", "/v1/plan", "/plan", "/v1/jobs"];

/** Whether this client has sent too much. This Worker's own requests have no address. */
async function isOverLimit(request: Request): Promise<boolean> {
  const address = request.headers.get("CF-Connecting-IP");
  return address !== null && COUNTED.includes(new URL(request.url).pathname) && !(await env.LIMITER.limit({ key: address })).success;
}

export default {
  async fetch(request: Request, _env: unknown, context: ExecutionContext): Promise<Response> {
    try {
      if (await isOverLimit(request)) return problem(429, "too-many-requests", "You have sent too many documents. Try again in a minute.", { "Retry-After": "60" });
      return (await jobs(request, handler, context)) ?? (await handler(request, context));
    } catch (error) {
      console.error("precis:", error);
      return problem(503, "unavailable", "The request could not be answered. Try again.", { "Retry-After": "10" });
    }
  },
};
