import { env } from "cloudflare:workers";
import { createHandler, fromAssets } from "precis/edge";
import module from "precis/edge/precis.wasm";
import manifest from "../assets/model/manifest.json";

// As many windows of a long document are asked of other isolates at a time.
const peers = Array.from({ length: 4 }, () => (request: Request) => env.SELF.fetch(request));
const handler = createHandler({ module, model: fromAssets(env.ASSETS, manifest), token: env.TOKEN, peers });

export default { fetch: (request: Request, _env: unknown, context: ExecutionContext) => handler(request, context) };
