import { createServer } from "node:net";
import { defineConfig } from "@playwright/test";

/** A port that is free now. Asked for once: Playwright's worker processes read this file again and inherit the answer. */
async function freePort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, "localhost", listening));
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  if (address === null || typeof address === "string") throw new Error("no port to be had");
  return String(address.port);
}

const launchOptions = {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
  ],
};

/** Tag of tests that fail if something takes too long. */
const TIMED = /@timed/;

const port = (process.env.PRECIS_TEST_PORT ??= await freePort());
const baseURL = `http://localhost:${port}`;

export default defineConfig({
  testDir: "tests",
  outputDir: "test-results",
  forbidOnly: Boolean(process.env.CI),
  // On two cores. A test often waits: three at a time take a fifth less than two.
  workers: 3,
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: [["list"]],
  use: {
    baseURL,
    browserName: "chromium",
    headless: true,
    // They come between the tests and the requests that they answer themselves; offline.spec.ts has one.
    serviceWorkers: "block",
    permissions: ["clipboard-read", "clipboard-write"],
    launchOptions,
  },
  projects: [
    // First, because its tests take longest. A GPU that every machine has: SwiftShader, a program, which Chromium gives to nobody without being told to.
    {
      name: "gpu",
      testMatch: "gpu*.spec.ts",
      use: { launchOptions: { ...launchOptions, args: [...launchOptions.args, "--enable-unsafe-webgpu"] } },
    },
    // The fetch handler, in Node, workerd and Deno: no browser.
    { name: "edge", testMatch: "edge*.spec.ts" },
    { name: "processor", testIgnore: ["gpu*.spec.ts", "edge*.spec.ts"], grepInvert: TIMED },
    // What must happen within some milliseconds: one at a time, after all others.
    { name: "timed", grep: TIMED, workers: 1, dependencies: ["processor", "edge", "gpu"] },
  ],
  webServer: {
    command: `npm run serve -- --port ${port} --strictPort`,
    url: baseURL,
    stdout: "ignore",
  },
});
