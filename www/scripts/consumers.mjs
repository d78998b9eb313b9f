// Uses the packed npm package as others do: with bundlers, development servers, import maps, TypeScript and Node. Each consumer
// of consumers/consumers.json is a small project in a folder beside it; it is installed in a temporary folder, built, served, and
// opened in headless Chromium, where it has to summarize. `npm run package` makes the package before.
//
//   node scripts/consumers.mjs [name …] [--list] [--package FOLDER]
//
// --package: a package elsewhere than in www/pkg, to try changes out.

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { chromium } from "@playwright/test";
import { endServers, serveFiles, startServer } from "../consumers/serve.mjs";

/**
 * @typedef {object} Consumer
 * @property {string} name
 * @property {string} fixture Its folder. Consumers that share one share the installation.
 * @property {string} [build] The script of its package.json that builds it.
 * @property {string} [start] The script that starts a server of its own, if it has one.
 * @property {string} [serve] Else the folder that is served.
 * @property {string} [html] The page, where the bundler makes none.
 * @property {boolean} [cdn] Whether node_modules comes from another origin than the page.
 * @property {boolean} [isolated] Whether the page is cross-origin isolated, which threads need.
 * @property {number} [threads] The fewest threads that it has to get.
 * @property {string} [click] What has to be clicked first.
 * @property {string[]} [checks] In place of a page: scripts that have to end well.
 */
/** @typedef {{ summary?: string, backend?: string, threads?: number, tokens?: number, error?: { name?: string, code?: string, message: string } }} Outcome What `consumers/shared/page.js` leaves. */

const www = fileURLToPath(new URL("..", import.meta.url));
const consumers = join(www, "consumers");
const run = promisify(execFile);

/** A summary with the tiny model takes well under a second; servers for development compile first. */
const PAGE_MS = 60_000;
/** Installing or building takes no longer unless something hangs. */
const COMMAND_MS = 300_000;
/** After the first complaint of a page: its own error comes soon after, and says more. */
const GRACE_MS = 3_000;

const ENVIRONMENT = { ...process.env, NO_COLOR: "1", NEXT_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" };

/** @type {Consumer[]} */
const all = JSON.parse(readFileSync(join(consumers, "consumers.json"), "utf8"));
const { values: options, positionals: names } = parseArgs({ options: { list: { type: "boolean", default: false }, package: { type: "string", default: join(www, "pkg") } }, allowPositionals: true });
const unknown = names.filter((name) => !all.some((consumer) => consumer.name === name));
if (unknown.length > 0) {
  console.error(`There is no consumer ${unknown.join(", ")}: --list names them.`);
  process.exit(2);
}
const chosen = names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
if (options.list) {
  for (const { name } of chosen) console.log(name);
  process.exit(0);
}

if (!existsSync(join(options.package, "package.json"))) {
  console.error(`${options.package} holds no package: \`npm run package\` makes it.`);
  process.exit(2);
}

const work = realpathSync(mkdtempSync(join(tmpdir(), "precis-consumers-")));
process.on("exit", () => {
  endServers();
  rmSync(work, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));

const tarball = await pack();
/** Where each fixture was installed. @type {Map<string, string>} */
const installed = new Map();
const widest = Math.max(...chosen.map(({ name }) => name.length));
let failed = 0;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-quic"],
});
try {
  for (const consumer of chosen) {
    const started = performance.now();
    /** @type {{ ended: string } | { error: unknown }} */
    const result = await check(consumer).then((ended) => ({ ended }), (error) => ({ error }));
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const bad = "error" in result;
    if (bad) failed += 1;
    const words = bad ? messageOf(result.error) : result.ended;
    console.log(`${bad ? "FAIL" : "ok  "} ${consumer.name.padEnd(widest)}  ${seconds.padStart(5)} s  ${versionsOf(consumer)}${stepsOf(consumer)}: ${words}`);
  }
} finally {
  await browser.close();
}
console.log(`${chosen.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

/** Makes the package's tarball, as it would be published, and tells where it is. */
async function pack() {
  const { stdout } = await run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", work], { cwd: options.package });
  return join(work, JSON.parse(stdout)[0].filename);
}

/**
 * Does all that the consumer's entry says, and tells how it ended; throws what went wrong.
 * @param {Consumer} consumer
 * @returns {Promise<string>}
 */
async function check(consumer) {
  const folder = await install(consumer.fixture);
  if (consumer.checks) {
    /** @type {string[]} */
    const wrong = [];
    // All of them, so that one failure does not hide another.
    for (const script of consumer.checks) await npm(folder, "run", "--silent", script).catch((error) => void wrong.push(messageOf(error)));
    if (wrong.length > 0) throw new Error(wrong.join("\n"));
    return "as it should be";
  }
  if (consumer.build) {
    // What an earlier consumer built here is not this one's.
    for (const output of ["dist", ".next"]) rmSync(join(folder, output), { recursive: true, force: true });
    await npm(folder, "run", consumer.build);
  }
  const servers = consumer.start ? [await startServer(folder, consumer.start, ENVIRONMENT)] : await serveFiles(folder, consumer);
  try {
    const words = verdict(consumer, await visit(servers[0]?.url ?? "", consumer));
    if (consumer.build) namesNoFolder(join(folder, consumer.serve ?? ".next/static"));
    return words;
  } finally {
    for (const server of servers) await server.close();
  }
}

/**
 * Throws where a script among what was built names a folder of this machine: some bundlers put that in place of import.meta.url.
 * @param {string} folder
 */
function namesNoFolder(folder) {
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (file.endsWith(".js") && readFileSync(join(folder, file), "utf8").includes(work)) throw new Error(`${file} names the folder that it was built in`);
  }
}

/**
 * Copies a fixture, with the package, the shared script and the model, and installs it.
 * @param {string} fixture
 * @returns {Promise<string>} Where it is.
 */
async function install(fixture) {
  const known = installed.get(fixture);
  if (known !== undefined) return known;
  const folder = join(work, fixture);
  cpSync(join(consumers, fixture), folder, { recursive: true });
  cpSync(join(consumers, "shared"), join(folder, "shared"), { recursive: true });
  cpSync(tarball, join(folder, "precis.tgz"));
  // Where Vite and Next look for files that they serve as they are; for the others it is served beside their output.
  const models = join(folder, "public/models");
  mkdirSync(models, { recursive: true });
  const bytes = readFileSync(join(www, "../tests/fixtures/tiny.gguf"));
  writeFileSync(join(models, "tiny.gguf"), bytes);
  const entry = { id: "tiny", file: "tiny.gguf", bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
  writeFileSync(join(models, "tiny.json"), JSON.stringify(entry));
  await npm(folder, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--prefer-offline");
  installed.set(fixture, folder);
  return folder;
}

/**
 * Runs npm in `folder`; throws the end of what it printed where it fails.
 * @param {string} folder
 * @param {string[]} words
 */
async function npm(folder, ...words) {
  try {
    await run("npm", words, { cwd: folder, env: ENVIRONMENT, timeout: COMMAND_MS, maxBuffer: 64 << 20 });
  } catch (error) {
    const { stdout = "", stderr = "" } = /** @type {{ stdout?: string, stderr?: string }} */ (error);
    throw new Error(`npm ${words.join(" ")}: ${`${stdout}\n${stderr}`.trim().slice(-3000) || messageOf(error)}`);
  }
}

/**
 * Opens the page and waits for its outcome; throws what it or the browser complained of.
 * @param {string} url
 * @param {Consumer} consumer
 * @returns {Promise<Outcome>}
 */
async function visit(url, { click }) {
  const context = await browser.newContext();
  const page = await context.newPage();
  /** @type {string[]} */
  const problems = [];
  /** @type {Promise<void>} */
  const complained = new Promise((resolve) => {
    const note = (/** @type {string} */ problem, about = "") => {
      if (about.endsWith("/favicon.ico")) return;
      problems.push(problem);
      resolve();
    };
    page.on("console", (message) => void (message.type() === "error" && note(message.text(), message.location().url)));
    page.on("pageerror", (error) => note(String(error)));
    context.on("response", (response) => void (response.status() >= 400 && note(`${response.status()} ${response.url()}`, response.url())));
  });
  try {
    /** @type {Promise<Outcome>} */
    const outcome = outcomeOf(page, url, click).catch((error) => ({ error: { message: messageOf(error) } }));
    const got = await Promise.race([outcome, complained.then(() => sleep(GRACE_MS, null))]);
    if (got?.error) problems.unshift(`${got.error.name ?? "Error"} ${got.error.code ?? "without a code"}: ${got.error.message}`);
    if (got === null || problems.length > 0) throw new Error(problems.join("\n"));
    return got;
  } finally {
    await context.close();
  }
}

/**
 * What the page leaves in `window.outcome`, as soon as it does.
 * @param {import("@playwright/test").Page} page
 * @param {string} url
 * @param {string} [click]
 * @returns {Promise<Outcome>}
 */
async function outcomeOf(page, url, click) {
  await page.goto(url);
  if (click) await page.click(click);
  const left = await page.waitForFunction("window.outcome", null, { timeout: PAGE_MS });
  return /** @type {Promise<Outcome>} */ (left.jsonValue());
}

/**
 * What a good outcome is.
 * @param {Consumer} consumer
 * @param {Outcome} outcome
 */
function verdict({ threads: least = 0 }, { summary = "", backend = "", threads, tokens = 0 }) {
  if (summary.trim() === "") throw new Error("the summary is empty");
  if (!(tokens > 0)) throw new Error(`it says that it read ${tokens} tokens`);
  if (least > 0 && !((threads ?? 0) >= least)) throw new Error(`it had ${threads} threads of at least ${least}`);
  return `${tokens} tokens${backend && `, ${backend}, ${threads} thread${threads === 1 ? "" : "s"}`}`;
}

/** @param {Consumer} consumer */
function stepsOf({ build, start, serve, cdn, checks = [] }) {
  return [build, start ?? (serve && (cdn ? "two origins" : "static files")), ...checks].filter(Boolean).join(", ");
}

/** @param {Consumer} consumer */
function versionsOf({ fixture }) {
  const { devDependencies = {} } = JSON.parse(readFileSync(join(consumers, fixture, "package.json"), "utf8"));
  return Object.entries(devDependencies).map(([name, version]) => `${name} ${String(version).replace(/^npm:.*@/, "")}, `).join("");
}

/** @param {unknown} error */
function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
