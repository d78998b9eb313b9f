// Précis on Bun, after `cargo xtask build`: bun edge/bun/serve.ts
//
// MODEL    path of the model file; default: the catalogue's first model, in models/. Larger ones do not fit the module's memory
// TOKEN    the token that callers must send as Authorization: Bearer TOKEN; unset, the service is public
// PORT     default: 8787

import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { engine, fromFile } from "../../www/pkg/edge/node.js";
import models from "../../www/pkg/models.json" with { type: "json" };

const file = process.env.MODEL || fileURLToPath(new URL(`../../models/${models[0].file}`, import.meta.url));
// Verify a file of the catalogue by its SHA-256.
const known = models.find((model) => model.file === basename(file));
const { module, createHandler } = await engine();
const handler = createHandler({ module, model: await fromFile(file, known), token: process.env.TOKEN });

// Bun ends a request that is silent for 10 seconds; the handler has limits of its own.
const server = Bun.serve({ port: Number(process.env.PORT || 8787), idleTimeout: 0, fetch: (request) => handler(request) });
console.log(`Listening on ${server.url}`);
