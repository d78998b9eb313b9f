// Précis on Deno, after `cargo xtask build`:
//
//   deno serve --allow-read --allow-env --allow-net edge/deno/serve.ts
//
// MODEL  the model file, if it is not the catalogue's own in models/
// TOKEN  what callers have to send as Authorization: Bearer TOKEN; without it anybody may call
// PEERS  other such servers that help with long documents: http://10.0.0.2:8000,http://10.0.0.3:8000
// SECONDS  how long a document may take, if that is not 120

import { compile, fromFile } from "../../www/pkg/edge/deno.js";
import { createHandler, LIMITS, peerAt } from "../../www/pkg/edge/index.js";
import models from "../../www/pkg/models.json" with { type: "json" };

const file = Deno.env.get("MODEL") || new URL(`../../models/${models[0].file}`, import.meta.url).pathname;
// A file of the catalogue has to be what the catalogue says.
const known = models.find((model) => file.endsWith(`/${model.file}`));
const peers = (Deno.env.get("PEERS") ?? "").split(",").filter(Boolean).map(peerAt);
const seconds = Number(Deno.env.get("SECONDS")) || LIMITS.seconds;
const handler = createHandler({
  module: await compile(),
  model: await fromFile(file, known),
  token: Deno.env.get("TOKEN") || undefined,
  limits: { seconds },
  peers,
});

export default { fetch: (request: Request) => handler(request) };
