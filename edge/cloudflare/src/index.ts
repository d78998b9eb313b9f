import { env } from "cloudflare:workers";
import { createHandler, fromAssets } from "precis/edge";
import module from "precis/edge/precis.wasm";
import manifest from "../assets/model/manifest.json";

// Each peer reads one window of a long document at a time, in another isolate.
const peers = Array.from({ length: 4 }, () => (request: Request) => env.SELF.fetch(request));
const handler = createHandler({ module, model: fromAssets(env.ASSETS, manifest), token: env.TOKEN, peers });

export default { fetch: (request: Request, _env: unknown, context: ExecutionContext) => handler(request, context) };
