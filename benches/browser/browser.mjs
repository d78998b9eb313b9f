// The page with the systems that run in the browser, and the server that it comes from.

import { createServer } from 'node:http';

import { ROOT } from './setup.mjs';

/** Serves the repository to this machine only, isolated, so that the pages have the fine clock. */
export async function serve() {
  const { default: sirv } = await import('sirv');
  const setHeaders = (response) => {
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
    response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    response.setHeader('Cache-Control', 'no-store');
  };
  const server = createServer(sirv(ROOT, { dev: true, dotfiles: true, setHeaders }));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** Opens the page, and finds out what processor time it takes. */
export async function browse(server) {
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

/** A system in the page, with the calls that `Native` has. */
export class InPage {
  constructor({ page, cpu }) {
    Object.assign(this, { page, cpu });
  }

  /** Loads a system with room for `context` positions. */
  async load({ name, threads, file }, context) {
    this.name = name;
    const load = ([name, context, threads, path]) => bench.load(name, context, threads, path);
    await this.page.evaluate(load, [name, context, threads, `/${file}`]);
  }

  /** One repetition as the page makes it, and the processor time that it took. */
  async measure(prompt, decode) {
    const before = await this.cpu();
    const measure = ([name, prompt, decode]) => bench.measure(name, prompt, decode);
    const run = await this.page.evaluate(measure, [this.name, prompt, decode]);
    return { ...run, cpu_ms: (await this.cpu()) - before };
  }

  /** What the machine can do at best at this moment, as the page measures it for Précis. */
  ceiling() {
    return this.page.evaluate((name) => bench.ceiling(name), this.name);
  }
}
