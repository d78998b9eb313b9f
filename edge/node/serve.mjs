// Précis on Node, beside routes of your own: cd edge/node && npm install && npm start
//
// MODEL    path of the model file; default: the catalogue's first model, in models/. Larger ones do not fit the module's memory
// TOKEN    the token that callers must send as Authorization: Bearer TOKEN; unset, the service is public
// PORT     default: 8787

import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { engine, fromFile } from "precis/edge/node";
import models from "precis/models.json" with { type: "json" };

const file = process.env.MODEL || fileURLToPath(new URL(`../../models/${models[0].file}`, import.meta.url));
// Verify a file of the catalogue by its SHA-256.
const known = models.find((model) => model.file === basename(file));
const { module, createHandler } = await engine();
const handler = createHandler({ module, model: await fromFile(file, known), token: process.env.TOKEN });

const app = new Hono();
// Your own routes come here: the next line takes all that is left. Middleware must not read the body of its requests.
app.all("*", ({ req }) => handler(req.raw));

serve({ fetch: app.fetch, port: Number(process.env.PORT || 8787) }, ({ port }) => console.log(`Listening on http://localhost:${port}`));
