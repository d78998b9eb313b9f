// Deno servers of edge/deno, for the scripts beside this file.

import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** The program itself: what npm puts before it would not hand on a signal. */
const libc = process.platform === "linux" ? "-glibc" : "";
const deno = join(dirname(createRequire(join(root, "www/package.json")).resolve(`@deno/${process.platform}-${process.arch}${libc}/package.json`)), "deno");

/** Starts a server and resolves when it listens. */
export function start(env) {
  const options = ["serve", "--allow-read", "--allow-env", "--allow-net", "--no-lock", "--host=127.0.0.1", "--port=0", join(root, "edge/deno/serve.ts")];
  const child = spawn(deno, options, { env: { ...process.env, NO_COLOR: "1", ...env } });
  return new Promise((resolve, reject) => {
    let log = "";
    const read = (data) => {
      log += data;
      const url = /Listening on (http:\S+)/.exec(log)?.[1];
      if (url) resolve({ child, url });
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.on("exit", () => reject(new Error(log)));
  });
}

/** Ends servers, also those that were stopped. */
export function stop(servers) {
  for (const { child } of servers) {
    child.removeAllListeners("exit");
    child.kill("SIGKILL");
  }
}

export async function health({ url }) {
  return (await fetch(new URL("/v1/health", url))).json();
}

/** The events of a stream. */
export async function* events(response) {
  let text = "";
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    text += piece;
    const all = text.split("\n\n");
    text = all.pop();
    for (const event of all) {
      const [, name, data] = /^event: (.*)\ndata: (.*)$/.exec(event) ?? [];
      if (name) yield { name, data: JSON.parse(data) };
    }
  }
}
