import { env } from "cloudflare:workers";
import { createHandler, fromAssets } from "precis/edge";
import module from "precis/edge/precis.wasm";
import manifest from "../assets/model/manifest.json";

const handler = createHandler({ module, model: fromAssets(env.ASSETS, manifest), token: env.TOKEN, peers: [(request) => env.SELF.fetch(request)] });

export default { fetch: (request: Request, _env: unknown, context: ExecutionContext) => handler(request, context) };
