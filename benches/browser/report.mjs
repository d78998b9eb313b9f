// Statistics of the repetitions, the machine's facts, and the table.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';

import { ROOT } from './setup.mjs';
import { OURS } from './systems.mjs';

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median, extremes, and the median absolute deviation from the median. */
export function summary(values) {
  const middle = median(values);
  const mad = median(values.map((value) => Math.abs(value - middle)));
  return { median: middle, min: Math.min(...values), max: Math.max(...values), mad };
}

/** How much of what the machine can do at best is used, which was measured after each repetition. */
export function ceiling(runs, { prefill, decode }) {
  const all = runs.map((run) => run.ceiling);
  const [{ linear_macs, weight_bytes }] = all;
  const peak_gmacs = summary(all.map((each) => each.peak_gmacs));
  return {
    linear_macs,
    weight_bytes,
    peak_gmacs,
    copy_gbs: summary(all.map((each) => each.copy_gbs)),
    of_peak: (linear_macs * prefill.median) / (peak_gmacs.median * 1e9),
    weights_gbs: (weight_bytes * decode.median) / 1e9,
    repetitions: all,
  };
}

export function machine(chromium) {
  const git = (...args) => {
    try {
      return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' }).trim();
    } catch {
      return ''; // no repository, or no commit in it yet
    }
  };
  const head = git('rev-parse', '--short=12', 'HEAD');
  const changed = git('status', '--porcelain', '--untracked-files=no') !== '';
  return {
    cpu: os.cpus()[0].model.trim(),
    logical_cores: os.cpus().length,
    memory_gib: Math.round(os.totalmem() / 2 ** 30),
    os: `${os.type()} ${os.release()} ${os.arch()}`,
    chromium,
    node: process.version,
    date: new Date().toISOString(),
    commit: head ? head + (changed ? ' with changes' : '') : 'none yet',
  };
}

export const sha256 = (path) =>
  createHash('sha256').update(readFileSync(join(ROOT, path))).digest('hex');

/** Columns of the table: heading, and cell of a system beside ours. Text comes first. */
const TEXTS = 3;
const COLUMNS = [
  ['system', ({ title }) => title],
  ['version', ({ version }) => version],
  ['build', ({ build }) => build],
  ['threads', ({ threads }) => threads],
  ['prefill tok/s', ({ prefill }) => prefill.median.toFixed(1)],
  ['min–max', ({ prefill }) => `${prefill.min.toFixed(1)}–${prefill.max.toFixed(1)}`],
  ['MAD', ({ prefill }) => prefill.mad.toFixed(1)],
  ['Précis is', ({ prefill }, ours) => ours && times(ours.prefill.median / prefill.median)],
  ['decode tok/s', ({ decode }) => decode.median.toFixed(1)],
  ['CPU', ({ cpu_share }) => `${(median(cpu_share) * 100).toFixed(0)} %`],
  ['first token', ({ written }) => written[0]],
  ['same tokens', ({ ids_agree }) => ids_agree ?? 'other file'],
];

/** Of those systems for which it was measured. */
const CEILING_COLUMNS = [
  ...COLUMNS.slice(0, TEXTS + 1),
  ['kernel peak, GMAC/s', ({ ceiling }) => ceiling.peak_gmacs.median.toFixed(1)],
  ['of the kernel peak', ({ ceiling }) => `${(ceiling.of_peak * 100).toFixed(0)} %`],
  ['copy, GB/s', ({ ceiling }) => ceiling.copy_gbs.median.toFixed(1)],
  ['weights read, GB/s', ({ ceiling }) => ceiling.weights_gbs.toFixed(1)],
];

const times = (ratio) => `${ratio.toFixed(1)}×`;

/** One length's results as a Markdown section. */
export function section({ tokens, decode, repetitions, load_average: [before, after], systems }) {
  const ours = (threads) =>
    systems.find((system) => OURS.includes(system.name) && system.threads === threads);
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const table = (columns, rows) => [
    line(columns.map(([heading]) => heading)),
    line(columns.map((_, i) => (i < TEXTS ? '---' : '---:'))),
    ...rows.map((row) => line(columns.map(([, cell]) => cell(row, ours(row.threads))))),
    '',
  ];
  const measured = systems.filter((system) => system.ceiling);
  return [
    `## ${tokens} tokens`,
    '',
    ...table(COLUMNS, systems),
    ...(measured.length ? table(CEILING_COLUMNS, measured) : []),
    `Medians of ${repetitions} repetitions, ${decode} tokens decoded after each. Load average over ` +
      `one minute: ${before.toFixed(2)} before, ${after.toFixed(2)} after.`,
    '',
  ].join('\n');
}

/** The whole file. */
export function document({ machine, model, cmake_args }, sections) {
  return [
    '# Reading speed in the browser',
    '',
    `- ${machine.cpu}, ${machine.logical_cores} logical cores, ${machine.memory_gib} GiB`,
    `- ${machine.os}`,
    `- Chromium ${machine.chromium}, headless; Node ${machine.node}`,
    `- ${machine.date}, commit ${machine.commit}`,
    `- ${model.file}, sha256 ${model.sha256}`,
    ...(cmake_args ? [`- llama.cpp, native: ${cmake_args}`] : []),
    '',
    '![Prefill speed of each system, as in the tables](browser.svg)',
    '',
    'What the columns mean and how the systems are configured: ../README.md.',
    '',
    ...sections,
  ].join('\n');
}
