// Précis on Deno, after `cargo xtask build`:
//
//   deno serve --allow-read --allow-env --allow-net edge/deno/serve.ts
//
// MODEL    path of the model file; default: the catalogue's first model, in models/
// TOKEN    the token that callers must send as Authorization: Bearer TOKEN; unset, the service is public
// PEERS    other servers of this kind that help with long documents: http://10.0.0.2:8000,http://10.0.0.3:8000
// SECONDS  time limit for a document; default: 120

import { compile, fromFile } from "../../www/pkg/edge/deno.js";
import { createHandler, LIMITS, peerAt } from "../../www/pkg/edge/index.js";
import models from "../../www/pkg/models.json" with { type: "json" };

const file = Deno.env.get("MODEL") || new URL(`../../models/${models[0].file}`, import.meta.url).pathname;
// Verify a file of the catalogue by its SHA-256.
const known = models.find((model) => file.endsWith(`/${model.file}`));
const peers = (Deno.env.get("PEERS") ?? "").split(",").filter(Boolean).map(peerAt);
const seconds = Number(Deno.env.get("SECONDS")) || LIMITS.seconds;
const handler = createHandler({
  module: await compile(),
  model: await fromFile(file, known),
  // An empty TOKEN is refused: it is more likely a mistake than a wish to be public.
  token: Deno.env.get("TOKEN"),
  limits: { seconds },
  peers,
});

export default { fetch: (request: Request) => handler(request) };
