// Prefill speeds as a picture: node benches/browser/plot.mjs [FOLDER] reads browser-<tokens>.json
// of the folder (benches/results where none is named) and writes browser.svg beside them.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from './setup.mjs';

export const RESULTS = join(ROOT, 'benches/results');

/** Room for the systems' names. */
const LEFT = 390;

/** Pages show the picture as an image, where it follows the reader's preference by itself. */
const STYLE = `
  svg { color: #1f2328; --one: #79b8ff; --many: #2166b8; }
  @media (prefers-color-scheme: dark) { svg { color: #e6edf3; --one: #a5d0ff; --many: #3f7fcf; } }`;

/** Draws every length that the folder holds: a column each, a row for each system. */
export async function draw(folder) {
  const files = readdirSync(folder).filter((name) => /^browser-\d+\.json$/.test(name));
  const results = files.map((name) => JSON.parse(readFileSync(join(folder, name))));
  results.sort((a, b) => a.tokens - b.tokens);
  const bars = results.flatMap(({ tokens, systems }) =>
    systems.map(({ title, version, build, threads, prefill }) => ({
      // A native peer's version is the long name of a package that holds it.
      system: `${title} ${build.startsWith('native') ? '' : version}, ${build}`.replace(' ,', ','),
      length: `${tokens.toLocaleString('en')} tokens`,
      threads: threads === 1 ? '1 thread' : `${threads} threads`,
      ...prefill,
    })),
  );
  writeFileSync(join(folder, 'browser.svg'), `${await picture(bars)}\n`);
}

async function picture(bars) {
  const Plot = await import('@observablehq/plot');
  const { document } = (await import('linkedom')).parseHTML('<html></html>');
  const unique = (key) => [...new Set(bars.map((bar) => bar[key]))];
  const threads = unique('threads');
  const colours = threads.map((name) => (name === '1 thread' ? 'var(--one)' : 'var(--many)'));
  const place = { fx: 'length', fy: 'system', y: 'threads' };
  const svg = Plot.plot({
    document,
    width: LEFT + 210 * unique('length').length,
    height: 90 + 42 * unique('system').length,
    marginTop: 50,
    marginLeft: LEFT,
    style: { fontSize: '12px' },
    x: { axis: null, insetRight: 30 },
    y: { axis: null },
    fx: { label: null, axis: 'top', domain: unique('length') },
    fy: { label: null, domain: unique('system'), padding: 0.15, axis: 'left' },
    color: { domain: threads, range: colours },
    marks: [
      Plot.gridX({ ticks: 4 }),
      Plot.axisX({ ticks: 4, label: null, facetAnchor: 'bottom' }),
      Plot.barX(bars, { ...place, x: 'median', fill: 'threads' }),
      Plot.ruleY(bars, { ...place, x1: 'min', x2: 'max' }),
      Plot.text(bars, {
        ...place,
        x: 'max',
        text: ({ median }) => median.toFixed(0),
        textAnchor: 'start',
        dx: 4,
      }),
    ],
  });
  const add = (name, attributes, text) => {
    const element = document.createElementNS('http://www.w3.org/2000/svg', name);
    Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
    element.textContent = text;
    return element;
  };
  const title = 'Prefill speed in tokens a second: medians, with the smallest and the largest';
  const spoken = bars.map(
    (bar) => `${bar.length}, ${bar.system}, ${bar.threads}: ${bar.median.toFixed(0)}`,
  );
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  svg.setAttribute('role', 'img');
  const legend = threads.flatMap((name, i) => [
    add('rect', { x: LEFT + 90 * i, y: 6, width: 12, height: 12, fill: colours[i] }, ''),
    add('text', { x: LEFT + 18 + 90 * i, y: 16, 'text-anchor': 'start' }, name),
  ]);
  const unit = { x: LEFT - 8, y: 16, 'text-anchor': 'end' };
  legend.push(add('text', unit, 'prefill, tokens a second'));
  svg.prepend(add('title', {}, title), add('desc', {}, spoken.join('; ')), add('style', {}, STYLE));
  svg.append(...legend);
  return svg.outerHTML;
}

if (import.meta.filename === process.argv[1]) await draw(process.argv[2] ?? RESULTS);
