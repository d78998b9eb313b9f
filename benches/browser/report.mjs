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

/** One length's results as a Markdown section. */
export function section({ tokens, decode, repetitions, load_average, systems }) {
  const ours = systems.find(({ name }) => name === OURS)?.prefill.median;
  const rows = systems.map(({ title, version, build, prefill, decode, cpu_share, written, ids_agree }) => {
    const ratio = ours ? `${(ours / prefill.median).toFixed(1)}×` : '';
    return [
      title,
      version,
      build,
      prefill.median.toFixed(1),
      `${prefill.min.toFixed(1)}–${prefill.max.toFixed(1)}`,
      prefill.mad.toFixed(1),
      ratio,
      decode.median.toFixed(1),
      `${(median(cpu_share) * 100).toFixed(0)} %`,
      written[0],
      ids_agree,
    ];
  });
  const head = ['system', 'version', 'build', 'prefill tok/s', 'min–max', 'MAD', 'Précis is', 'decode tok/s', 'CPU', 'first token', 'same tokens'];
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const loads = load_average.map((value) => value.toFixed(2)).join(' before, ');
  return [
    `## ${tokens} tokens`,
    '',
    line(head),
    line(head.map((_, i) => (i < 3 ? '---' : '---:'))),
    ...rows.map(line),
    '',
    `Medians of ${repetitions} repetitions, ${decode} tokens decoded after each. Load average over one minute: ${loads} after.`,
    '',
  ].join('\n');
}

/** The whole file. */
export function document(machine, model, sections) {
  return [
    '# Reading speed in the browser, one thread',
    '',
    `- ${machine.cpu}, ${machine.logical_cores} logical cores, ${machine.memory_gib} GiB; ${machine.os}`,
    `- Chromium ${machine.chromium}, headless; Node ${machine.node}`,
    `- ${machine.date}, commit ${machine.commit}`,
    `- ${model.file}, sha256 ${model.sha256}`,
    '',
    'What the columns mean and how the systems are configured: ../README.md.',
    '',
    ...sections,
  ].join('\n');
}
