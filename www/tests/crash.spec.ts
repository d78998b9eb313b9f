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

/** Counts the worker's steps that change the storage. Before the one with this number it says so, and stops. */
const stoppingAt = (number: number) => `{
  let steps = 0;
  const counted = (type, name) => {
    const real = type.prototype[name];
    type.prototype[name] = function (...given) {
      steps++;
      const request = new XMLHttpRequest();
      request.open("GET", "/progress/" + (steps === ${number} ? -1 : 1000 + steps), false);
      if (steps === ${number} || ${number === 0}) request.send();
      if (steps === ${number}) for (;;);
      return real.apply(this, given);
    };
  };
  for (const name of ["write", "truncate", "flush", "close"]) counted(FileSystemSyncAccessHandle, name);
  counted(FileSystemFileHandle, "move");
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

/** Downloads in a browser that is killed before a step of the storage; returns the number of steps if that one never comes. */
async function download(profile: string, site: Site, step: number): Promise<number> {
  const browser = await Browser.start(profile);
  let steps = 0;
  try {
    await inWorker(browser.page, stoppingAt(step));
    const bench = new Bench(browser.page, site);
    await bench.open();
    const reached = new Promise<void>((resolve) => {
      site.onprogress = (said) => {
        if (said === -1) resolve();
        if (said > 1000) steps = said - 1000;
      };
    });
    const created = bench.create({ model: LARGE }).then(
      (outcome) => expect(outcome).toMatchObject({ value: { storage: "opfs", downloaded: true } }),
      (error: unknown) => step === 0 && Promise.reject(error as Error),
    );
    await (step === 0 ? created : reached);
    return steps;
  } finally {
    await browser.kill();
  }
}

test("a browser that is killed at any step of a download leaves a way on, and never a wrong model", async ({ site }) => {
  test.setTimeout(60_000 + CRASHES * 20_000);
  site.serveLarge();
  const profile = () => mkdtempSync(join(tmpdir(), "precis-profile-"));
  const profiles: string[] = [profile()];
  try {
    const steps = await download(profiles[0]!, site, 0);
    expect(steps).toBeGreaterThan(20);
    // The first and the last steps, and some between them.
    const last = Math.min(8, Math.floor(CRASHES / 2));
    const between = CRASHES - last;
    const points = new Set([...Array.from({ length: between }, (_, i) => 1 + Math.floor((i * (steps - last)) / between)), ...Array.from({ length: last }, (_, i) => steps - i)]);
    for (const point of points) {
      profiles.push(profile());
      await download(profiles.at(-1)!, site, point);
      const asked = site.asked.length;
      const browser = await Browser.start(profiles.at(-1)!);
      try {
        const bench = new Bench(browser.page, site);
        await bench.open();
        const before = await bench.stored();
        expect(await bench.create({ model: LARGE }), `step ${point} of ${steps}`).toMatchObject({ value: { storage: "opfs", sha256: LARGE.sha256 } });
        expect(await hashes(browser.page), `step ${point} of ${steps}`).toEqual({ [`${LARGE.sha256}.gguf`]: LARGE.sha256 });
        console.log(`step ${point} of ${steps}: left ${JSON.stringify(before).replaceAll(LARGE.sha256, "…")}; then ${site.asked.length - asked} requests`);
      } finally {
        await browser.kill();
      }
    }
  } finally {
    for (const profile of profiles) rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
});
