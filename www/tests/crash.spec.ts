/** The browser is killed in the middle of a download, and opened again. `CRASHES=40` for more of the steps. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Page } from "@playwright/test";
import { inWorker } from "./faults.js";
import { Bench, expect, test } from "./package.js";
import { LARGE, type Site } from "./site.js";

const CRASHES = Number(process.env["CRASHES"] ?? 6);

/** What the worker tells the site when it stops. */
const STOPPED = -1;

/** A browser with its own process group, so that all of it dies at once. */
class Browser {
  private constructor(
    readonly process: ChildProcess,
    readonly page: Page,
  ) {}

  static async start(profile: string): Promise<Browser> {
    const executable = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
    const options = ["--headless=new", "--no-sandbox", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-port=0"];
    const child = spawn(executable, [...options, `--user-data-dir=${profile}`, "about:blank"], { detached: true, stdio: ["ignore", "ignore", "pipe"] });
    let log = "";
    const address = await new Promise<string>((resolve, reject) => {
      child.stderr.on("data", (data: Buffer) => {
        log += data.toString();
        const [, found] = /DevTools listening on (ws:\S+)/.exec(log) ?? [];
        if (found) resolve(found);
      });
      child.on("exit", () => reject(new Error(log)));
    });
    const browser = await chromium.connectOverCDP(address);
    return new Browser(child, await browser.contexts()[0]!.newPage());
  }

  async kill(): Promise<void> {
    const ended = once(this.process, "exit");
    process.kill(-this.process.pid!, "SIGKILL");
    await ended;
  }
}

/** A step of the worker that changes the storage: its kind, and how many of that kind come before it. */
interface Step {
  kind: "write" | "truncate" | "flush" | "close" | "move";
  before: number;
}

/** Before this step the worker says so, and stops. */
const stoppingAt = ({ kind, before }: Step) => `{
  let left = ${before};
  const type = ${kind === "move" ? "FileSystemFileHandle" : "FileSystemSyncAccessHandle"}.prototype;
  const real = type.${kind};
  type.${kind} = function (...given) {
    if (left-- > 0) return real.apply(this, given);
    const request = new XMLHttpRequest();
    request.open("GET", "/progress/${STOPPED}", false);
    request.send();
    for (;;);
  };
}`;

/** SHA-256 of each file in the model store. */
async function hashes(page: Page): Promise<Record<string, string>> {
  return page.evaluate(async () => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("precis-models", { create: true });
    const found: Record<string, string> = {};
    for await (const [name, handle] of folder.entries()) {
      const hash = await crypto.subtle.digest("SHA-256", await (await (handle as FileSystemFileHandle).getFile()).arrayBuffer());
      found[name] = Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
    }
    return found;
  });
}

/** Downloads in a browser that is killed before a step. False if the download ended first. */
async function interrupted(profile: string, site: Site, step: Step): Promise<boolean> {
  const browser = await Browser.start(profile);
  try {
    await inWorker(browser.page, stoppingAt(step));
    const bench = new Bench(browser.page, site);
    await bench.open();
    const reached = new Promise<boolean>((resolve) => (site.onprogress = (said) => said === STOPPED && resolve(true)));
    // When the browser is killed this call fails.
    const created = bench.create({ model: LARGE }).then(() => false, () => true);
    return await Promise.race([reached, created]);
  } finally {
    await browser.kill();
  }
}

test("a browser that is killed at any step of a download leaves a way on, and never a wrong model", async ({ site }) => {
  test.setTimeout(60_000 + CRASHES * 20_000);
  site.serveLarge();
  const steps: Step[] = [{ kind: "move", before: 0 }, { kind: "close", before: 0 }, { kind: "flush", before: 0 }, { kind: "truncate", before: 0 }];
  // Pieces come as they come: about thirty writes, some of them of the table of spans.
  for (let i = 0; steps.length < CRASHES; i++) steps.push({ kind: "write", before: Math.floor((i * 30) / (CRASHES - 4)) });
  let stopped = 0;
  for (const step of steps.slice(0, CRASHES)) {
    const what = `${step.kind} after ${step.before}`;
    const profile = mkdtempSync(join(tmpdir(), "precis-profile-"));
    try {
      const wasStopped = await interrupted(profile, site, step);
      if (wasStopped) stopped++;
      const browser = await Browser.start(profile);
      try {
        const bench = new Bench(browser.page, site);
        await bench.open();
        const before = await bench.stored();
        expect(await bench.create({ model: LARGE }), what).toMatchObject({ value: { storage: "opfs", sha256: LARGE.sha256 } });
        expect(await hashes(browser.page), what).toEqual({ [`${LARGE.sha256}.gguf`]: LARGE.sha256 });
        console.log(`${what}: ${wasStopped ? "killed" : "ended first"}, left ${JSON.stringify(before).replaceAll(LARGE.sha256, "…")}`);
      } finally {
        await browser.kill();
      }
    } finally {
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    }
  }
  expect(stopped).toBeGreaterThan(CRASHES / 2);
});
