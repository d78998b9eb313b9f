import { env } from "cloudflare:workers";
import { createHandler, fromAssets } from "precis/edge";
import module from "precis/edge/precis.wasm";
import manifest from "../assets/model/manifest.json";
import { jobs, problem } from "./jobs.js";

export { SummaryJob } from "./jobs.js";

// Each peer reads one window of a long document at a time, in another isolate.
const peers = Array.from({ length: 4 }, () => (request: Request) => env.SELF.fetch(request));
const handler = createHandler({ module, model: fromAssets(env.ASSETS, manifest), token: env.TOKEN, peers });

/** Whether this client has sent too many documents. This Worker's own requests have no address. */
async function isOverLimit(request: Request): Promise<boolean> {
  const address = request.headers.get("CF-Connecting-IP");
  return request.method === "POST" && address !== null && !(await env.LIMITER.limit({ key: address })).success;
}

export default {
  async fetch(request: Request, _env: unknown, context: ExecutionContext): Promise<Response> {
    if (await isOverLimit(request)) return problem(429, "Too Many Requests", "You have sent too many documents. Try again in a minute.", { "Retry-After": "60" });
    return (await jobs(request, handler)) ?? handler(request, context);
  },
};
