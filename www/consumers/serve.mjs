// How the consumers' pages are served: by their own server, or as files.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import sirv from "sirv";

/** @typedef {{ url: string, close: () => Promise<void> }} Served */

const ISOLATION = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

/** Servers for development take seconds to start. */
const START_MS = 60_000;

/** Servers of consumers' own that run now, by the id of their process group. @type {Set<number>} */
const groups = new Set();

/** Ends what still runs, where there is no time to wait for it. */
export function endServers() {
  for (const group of groups) endGroup(group);
}

/**
 * Starts the consumer's own server, and waits until it says where it listens.
 * @param {string} folder
 * @param {string} script
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Served>}
 */
export async function startServer(folder, script, env) {
  const port = await freePort();
  // A process group of its own: npm, its shell and the server all have to end.
  const server = spawn("npm", ["run", script, "--", "--port", String(port)], { cwd: folder, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(server, "exit");
  const group = server.pid;
  if (group === undefined) throw new Error(`npm run ${script} did not start`);
  groups.add(group);
  let output = "";
  /** @type {Promise<void>} */
  const listening = new Promise((resolve, reject) => {
    const read = (/** @type {Buffer} */ chunk) => {
      output += chunk.toString();
      if (output.includes(`localhost:${port}`)) resolve();
    };
    server.stdout.on("data", read);
    server.stderr.on("data", read);
    void ended.then(() => reject(new Error(`npm run ${script} ended: ${output.slice(-3000)}`)));
    setTimeout(() => reject(new Error(`npm run ${script} listens to nothing: ${output.slice(-3000)}`)), START_MS).unref();
  });
  const close = async () => {
    endGroup(group);
    await ended;
    groups.delete(group);
  };
  try {
    await listening;
  } catch (error) {
    await close();
    throw error;
  }
  return { url: `http://localhost:${port}/`, close };
}

/** @param {number} group */
function endGroup(group) {
  try {
    process.kill(-group, "SIGKILL");
  } catch {
    // It has ended already.
  }
}

async function freePort() {
  const server = createServer().listen(0, "localhost");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  await new Promise((closed) => server.close(closed));
  return port;
}

/**
 * Serves what was built, with the model beside it; the page first.
 * @param {string} folder
 * @param {{ serve?: string, html?: string, cdn?: boolean, isolated?: boolean }} consumer
 * @returns {Promise<Served[]>}
 */
export async function serveFiles(folder, { serve: served = ".", html, cdn, isolated }) {
  const root = join(folder, served);
  if (html) cpSync(join(folder, html), join(root, "index.html"));
  const headers = isolated ? ISOLATION : {};
  if (!cdn) return [await serve([root, join(folder, "public")], headers)];
  const other = await serve([root], { "Access-Control-Allow-Origin": "*" });
  const page = readFileSync(join(root, "index.html"), "utf8").replaceAll('"/node_modules/', `"${other.url}node_modules/`);
  return [await serve([root, join(folder, "public")], headers, page), other];
}

/**
 * @param {string[]} folders Where a file is looked for, one after the other.
 * @param {Record<string, string>} headers Those of every answer.
 * @param {string} [page] In place of index.html: then the packages are on the other server, and missing here.
 * @returns {Promise<Served>}
 */
async function serve(folders, headers, page) {
  const files = folders.map((folder) => sirv(folder, { dev: true }));
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (page !== undefined && request.url === "/") response.setHeader("Content-Type", "text/html").end(page);
    else if (page !== undefined && request.url?.startsWith("/node_modules/")) response.writeHead(404).end();
    else answer(request, response, files);
  });
  await once(server.listen(0, "localhost"), "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const close = async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  };
  return { url: `http://localhost:${port}/`, close };
}

/**
 * Answers with the first of `files` that has what was asked for.
 * @param {import("node:http").IncomingMessage} request
 * @param {import("node:http").ServerResponse} response
 * @param {import("sirv").RequestHandler[]} files
 */
function answer(request, response, [first, ...others]) {
  if (first === undefined) response.writeHead(404).end();
  else first(request, response, () => answer(request, response, others));
}
