// Measures Précis and other engines in one browser: node benches/browser/run.mjs --help

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import os from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { document, machine, section, sha256, summary } from './report.mjs';
import { MODEL, ROOT, setUp } from './setup.mjs';
import { OURS, SYSTEMS } from './systems.mjs';

const USAGE = `node benches/browser/run.mjs [--tokens 512,2048] [--only NAME,…] …
  --tokens       prompt lengths to measure, in tokens (default 512)
  --repetitions  measured repetitions of every system after one warm-up (default 5)
  --decode       tokens written after each prompt (default 32)
  --only         of ${SYSTEMS.map(({ name }) => name).join(', ')}
  --out          folder for the results (default benches/results)`;

function options() {
  const { values } = parseArgs({
    options: {
      tokens: { type: 'string', default: '512' },
      repetitions: { type: 'string', default: '5' },
      decode: { type: 'string', default: '32' },
      only: { type: 'string', default: SYSTEMS.map(({ name }) => name).join() },
      out: { type: 'string', default: join(ROOT, 'benches/results') },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  const count = (text) => {
    if (!/^[1-9]\d*$/.test(text)) throw new Error(`${text} is no positive number\n${USAGE}`);
    return Number(text);
  };
  const names = values.only.split(',');
  const unknown = names.find((name) => !SYSTEMS.some((system) => system.name === name));
  if (unknown) throw new Error(`there is no system ${unknown}\n${USAGE}`);
  return {
    tokens: values.tokens.split(',').map(count),
    repetitions: count(values.repetitions),
    decode: count(values.decode),
    systems: SYSTEMS.filter(({ name }) => names.includes(name)),
    out: values.out,
  };
}

/** Serves the repository to this machine only, isolated, so that the pages have the fine clock. */
async function serve() {
  const { default: sirv } = await import('sirv');
  const setHeaders = (response) => {
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
    response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    response.setHeader('Cache-Control', 'no-store');
  };
  const server = createServer(sirv(ROOT, { dev: true, setHeaders }));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

async function browse(server) {
  const { chromium } = await import('playwright-core');
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    // playwright passes --headless and a fresh profile
    args: [
      '--no-sandbox',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      '--disable-quic',
    ],
  });
  const page = await browser.newPage();
  page.on('pageerror', (error) => console.error(`page: ${error}`));
  await page.goto(`http://127.0.0.1:${server.address().port}/benches/browser/page/index.html`);
  await page.waitForFunction(() => globalThis.crossOriginIsolated && globalThis.bench);
  const devtools = await browser.newBrowserCDPSession();
  /** Processor time of the page and its workers so far, in ms. */
  const cpu = async () => {
    const { processInfo } = await devtools.send('SystemInfo.getProcessInfo');
    const renderers = processInfo.filter(({ type }) => type === 'renderer');
    return renderers.reduce((sum, { cpuTime }) => sum + cpuTime * 1000, 0);
  };
  return { browser, page, cpu };
}

/** All repetitions at one length: every system once before any of them again, in rotated order. */
async function measure({ page, cpu }, systems, tokens, { repetitions, decode }) {
  const prompt = await page.evaluate((n) => bench.prompt(n), tokens);
  const before = os.loadavg()[0];
  const runs = new Map(systems.map(({ name }) => [name, []]));
  for (let round = 0; round <= repetitions; round++) {
    const first = round % systems.length;
    for (const { name } of [...systems.slice(first), ...systems.slice(0, first)]) {
      const [started, cpuBefore] = [performance.now(), await cpu()];
      const run = await page.evaluate(
        ([name, prompt, decode]) => bench.measure(name, prompt, decode),
        [name, prompt, decode],
      );
      run.cpu_share = ((await cpu()) - cpuBefore) / (performance.now() - started);
      runs.get(name).push(run);
      const speed = ((tokens * 1000) / run.prefill_ms).toFixed(1);
      const share = (run.cpu_share * 100).toFixed(0);
      const when = round === 0 ? 'warm-up' : `${round} of ${repetitions}`;
      console.log(`${tokens} tokens, ${when}: ${name} ${speed} tok/s with ${share} % of a core`);
    }
  }
  const reference = runs.get(systems[0].name)[0].written;
  return {
    tokens,
    decode,
    repetitions,
    ids: prompt.ids,
    load_average: [before, os.loadavg()[0]],
    systems: systems.map((system) => {
      const [warmUp, ...measured] = runs.get(system.name);
      const { written } = warmUp;
      if (measured.some((run) => String(run.written) !== String(written))) {
        throw new Error(`${system.name} wrote different tokens in two repetitions`);
      }
      const differs = written.findIndex((id, i) => id !== reference[i]);
      return {
        ...system,
        prefill: summary(measured.map((run) => (tokens * 1000) / run.prefill_ms)),
        decode: summary(measured.map((run) => (decode * 1000) / run.decode_ms)),
        prefill_ms: measured.map((run) => run.prefill_ms),
        decode_ms: measured.map((run) => run.decode_ms),
        cpu_share: measured.map((run) => run.cpu_share),
        warm_up: { prefill_ms: warmUp.prefill_ms, decode_ms: warmUp.decode_ms },
        written,
        // of the tokens written, those before the first that the first system did not write
        ids_agree: differs === -1 ? written.length : differs,
      };
    }),
  };
}

async function main() {
  const { tokens, systems, out, ...counts } = options();
  setUp(systems.map(({ name }) => name));
  const server = await serve();
  let browser;
  try {
    const opened = await browse(server);
    browser = opened.browser;
    const { page } = opened;
    const longest = Math.max(...tokens) + counts.decode + 1;
    const context = Math.max(1024, Math.ceil(longest / 256) * 256);
    // Ours makes the ids even where it is not measured.
    for (const name of new Set([OURS, ...systems.map((system) => system.name)])) {
      console.log(`loading ${name}`);
      await page.evaluate(([name, context]) => bench.load(name, context), [name, context]);
    }
    const facts = {
      machine: machine(browser.version()),
      model: { file: MODEL, sha256: sha256(MODEL) },
      peak_gmacs: await page.evaluate((name) => bench.peakGmacs(name), OURS),
    };
    const version = JSON.parse(readFileSync(join(ROOT, 'www/package.json'))).version;
    const versioned = systems.map((system) => ({ version, ...system }));
    mkdirSync(out, { recursive: true });
    const sections = [];
    for (const length of tokens) {
      const results = await measure(opened, versioned, length, counts);
      const json = JSON.stringify({ ...facts, ...results }, null, 1);
      writeFileSync(join(out, `browser-${length}.json`), `${json}\n`);
      sections.push(section(results));
      const odd = results.systems.find(({ ids_agree }) => ids_agree === 0);
      if (odd) {
        console.error(`${odd.name} finds another first token: it did not do the same work`);
        process.exitCode = 1;
      }
    }
    const markdown = document(facts.machine, facts.model, sections);
    writeFileSync(join(out, 'browser.md'), markdown);
    console.log(`\n${markdown}`);
  } finally {
    await browser?.close();
    server.close();
    server.closeAllConnections();
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
