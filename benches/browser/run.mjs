// Measures Précis and other engines beside it: node benches/browser/run.mjs --help

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { browse, InPage, serve } from './browser.mjs';
import { Native } from './native.mjs';
import { draw, RESULTS } from './plot.mjs';
import { ceiling, document, machine, section, sha256, summary } from './report.mjs';
import { cmakeArgs, MODEL, ROOT, setUp } from './setup.mjs';
import { ALL, OURS, systemsOf, USUAL } from './systems.mjs';

const USAGE = `node benches/browser/run.mjs [--tokens 512,2048] [--only NAME,…] …
  --tokens       prompt lengths to measure, in tokens (default 512)
  --repetitions  measured repetitions of every system after one warm-up (default 5)
  --decode       tokens written after each prompt (default 64)
  --threads      of the systems whose name says so (default 2)
  --model        file that all of them read (default ${MODEL})
  --only         names of systems, or all (default those with a star)
  --out          folder for the results (default benches/results)
${ALL.map((name) => `  ${USUAL.includes(name) ? '*' : ' '} ${name}`).join('\n')}`;

function options() {
  const { values } = parseArgs({
    options: {
      tokens: { type: 'string', default: '512' },
      repetitions: { type: 'string', default: '5' },
      decode: { type: 'string', default: '64' },
      threads: { type: 'string', default: '2' },
      model: { type: 'string', default: MODEL },
      only: { type: 'string', default: USUAL.join() },
      out: { type: 'string', default: RESULTS },
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
  const names = values.only === 'all' ? ALL : values.only.split(',');
  const unknown = names.find((name) => !ALL.includes(name));
  if (unknown !== undefined) throw new Error(`there is no system ${unknown}\n${USAGE}`);
  const threads = count(values.threads);
  if (threads < 2) throw new Error(`--threads ${threads}: the other systems have one\n${USAGE}`);
  const systems = systemsOf(names, threads);
  const other = systems.find(({ file }) => file !== undefined);
  if (values.model !== MODEL && other) {
    throw new Error(`${other.name} reads ${other.file}: name others with --only\n${USAGE}`);
  }
  return {
    model: values.model,
    tokens: values.tokens.split(',').map(count),
    repetitions: count(values.repetitions),
    decode: count(values.decode),
    systems,
    out: values.out,
  };
}

/** All repetitions at one length: every system once before any of them again, in rotated order. */
async function measure(page, loaded, systems, tokens, { repetitions, decode }) {
  const prompt = await page.evaluate((n) => bench.prompt(n), tokens);
  const before = os.loadavg()[0];
  const runs = new Map(systems.map(({ name }) => [name, []]));
  for (let round = 0; round <= repetitions; round++) {
    const first = round % systems.length;
    for (const { name } of [...systems.slice(first), ...systems.slice(0, first)]) {
      const started = performance.now();
      const run = await loaded.get(name).measure(prompt, decode);
      run.cpu_share = run.cpu_ms / (performance.now() - started);
      if (OURS.includes(name)) run.ceiling = await loaded.get(name).ceiling();
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
      const agree = differs === -1 ? written.length : differs;
      const speeds = {
        prefill: summary(measured.map((run) => (tokens * 1000) / run.prefill_ms)),
        decode: summary(measured.map((run) => (decode * 1000) / run.decode_ms)),
      };
      return {
        ...system,
        ...speeds,
        ...(OURS.includes(system.name) && { ceiling: ceiling(measured, speeds) }),
        prefill_ms: measured.map((run) => run.prefill_ms),
        decode_ms: measured.map((run) => run.decode_ms),
        cpu_share: measured.map((run) => run.cpu_share),
        features: loaded.get(system.name).features,
        warm_up: { prefill_ms: warmUp.prefill_ms, decode_ms: warmUp.decode_ms },
        written,
        // of the tokens written, those before the first that the first system did not write;
        // null where other weights were read
        ids_agree: system.file ? null : agree,
      };
    }),
  };
}

async function main() {
  const { model, tokens, systems, out, ...counts } = options();
  setUp(systems, model);
  const server = await serve();
  const loaded = new Map();
  let browser;
  try {
    const opened = await browse(server);
    browser = opened.browser;
    const { page } = opened;
    const longest = Math.max(...tokens) + counts.decode + 1;
    const context = Math.max(1024, Math.ceil(longest / 256) * 256);
    // Ours makes the ids even where it is not measured.
    const [ours] = systemsOf([OURS[0]], 1);
    for (const system of [ours, ...systems.filter(({ name }) => name !== ours.name)]) {
      console.log(`loading ${system.name}`);
      const engine = system.native ? new Native() : new InPage(opened);
      loaded.set(system.name, engine);
      await engine.load({ file: model, ...system }, context);
    }
    const facts = {
      machine: machine(browser.version()),
      model: { file: model, sha256: sha256(model) },
      ...(systems.some(({ native }) => native === 'llama') && { cmake_args: cmakeArgs() }),
    };
    const version = JSON.parse(readFileSync(join(ROOT, 'www/package.json'))).version;
    const versioned = systems.map((system) => ({ version, ...system }));
    mkdirSync(out, { recursive: true });
    const sections = [];
    for (const length of tokens) {
      const results = await measure(page, loaded, versioned, length, counts);
      const json = JSON.stringify({ ...facts, ...results }, null, 1);
      writeFileSync(join(out, `browser-${length}.json`), `${json}\n`);
      sections.push(section(results));
      const odd = results.systems.find(({ ids_agree }) => ids_agree === 0);
      if (odd) {
        console.error(`${odd.name} finds another first token: it did not do the same work`);
        process.exitCode = 1;
      }
    }
    const markdown = document(facts, sections);
    writeFileSync(join(out, 'browser.md'), markdown);
    await draw(out);
    console.log(`\n${markdown}`);
  } finally {
    for (const engine of loaded.values()) await engine.close?.();
    await browser?.close();
    server.close();
    server.closeAllConnections();
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
