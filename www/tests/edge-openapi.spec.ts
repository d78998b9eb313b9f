/** What the handler answers is what its OpenAPI description says, for requests that Schemathesis makes of it. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { promisify } from "node:util";
import { expect, test } from "@playwright/test";
import { DenoServer } from "./edge/processes.js";
import { repository, tinyModel } from "./paths.js";

const PACKAGES = `${repository}/.tools/schemathesis`;

for (const token of ["", "secret"]) {
  test(`answers are as described${token && ", with a token"}`, async () => {
    expect(existsSync(PACKAGES), "`cargo xtask test` installs Schemathesis").toBe(true);
    const server = await DenoServer.start({ MODEL: tinyModel, TOKEN: token || undefined, PEERS: "" });
    try {
      const options = ["--checks=all", "--max-examples=20", "--generation-deterministic", "--request-timeout=30", "--no-color"];
      if (token) options.push("--header", `Authorization: Bearer ${token}`);
      const config = `--config-file=${repository}/www/tests/edge/schemathesis.toml`;
      const run = promisify(execFile)("python3", ["-m", "schemathesis.cli", config, "run", new URL("/openapi.json", server.url).href, ...options], {
        env: { ...process.env, PYTHONPATH: PACKAGES, PYTHONIOENCODING: "utf-8" },
        maxBuffer: 1 << 28,
        // It leaves a folder where it runs.
        cwd: tmpdir(),
      });
      // What it says of a request that is too large is as large.
      const { stdout } = await run.catch(({ stdout }: { stdout: string }) => ({ stdout: stdout.replace(/.{300,}/g, (line) => `${line.slice(0, 300)}…`) }));
      expect(stdout).toContain("No issues found");
      expect(Number(/(\d+) generated/.exec(stdout)?.[1])).toBeGreaterThan(100);
    } finally {
      await server.stop();
    }
  });
}
