/** Deno as a child process. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { repository } from "../paths.js";

/** The program that the npm package `deno` starts: what starts it would not hand on a signal. */
function program(): string {
  const libc = process.platform === "linux" ? "-glibc" : "";
  const folder = dirname(createRequire(import.meta.url).resolve(`@deno/${process.platform}-${process.arch}${libc}/package.json`));
  return join(folder, process.platform === "win32" ? "deno.exe" : "deno");
}

/** Where a server listens, as it says on its standard output. One that does not within half a minute is ended. */
export function listening(child: ChildProcess, name: string): Promise<string> {
  let log = "";
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      child.kill("SIGKILL");
      reject(new Error(`${name} ${why}: ${log}`));
    };
    const patience = setTimeout(fail, 30_000, "doesn't listen");
    const read = (data: Buffer) => {
      log += data.toString();
      const url = /Listening on (http:\S+)/.exec(log)?.[1];
      if (!url) return;
      clearTimeout(patience);
      resolve(url);
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.on("error", ({ message }) => fail(message));
    child.on("exit", (code) => fail(`ended (${code})`));
  });
}

/** A server of edge/deno/serve.ts, on a port of its own. */
export class DenoServer {
  private constructor(
    readonly process: ChildProcess,
    readonly url: string,
  ) {}

  static async start(env: Record<string, string | undefined>): Promise<DenoServer> {
    const rights = ["--allow-read", "--allow-env", "--allow-net", "--no-lock", "--cached-only"];
    const child = spawn(program(), ["serve", ...rights, "--host=127.0.0.1", "--port=0", `${repository}/edge/deno/serve.ts`], {
      // Playwright asks for colours, which would stand in the middle of the line that is waited for.
      env: { ...process.env, ...env, FORCE_COLOR: undefined, NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const url = await listening(child, "deno");
    return new DenoServer(child, url);
  }

  async stop(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = once(this.process, "exit");
    // A server that is asked to end waits for its clients, and one that was stopped hears nothing.
    this.process.kill("SIGKILL");
    await ended;
  }
}
