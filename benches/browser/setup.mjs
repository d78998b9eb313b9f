// What the bench needs besides the project's own build: npm packages and the candle peer.

import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

const HERE = 'benches/browser';
const PEER = 'benches/peers/candle';

/** Installs and builds what is missing or older than what it is made from. */
export function setUp(names) {
  for (const needed of ['www/src/summarizer/wasm/relaxed/precis_bg.wasm', 'models/SmolLM2-135M-Instruct.Q4_1.gguf']) {
    if (!existsSync(join(ROOT, needed))) {
      throw new Error(`${needed} is missing: run \`cargo xtask build\` and \`cargo xtask model fetch\` first`);
    }
  }
  if (older(`${HERE}/node_modules/.package-lock.json`, [`${HERE}/package-lock.json`])) {
    run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: join(ROOT, HERE) });
  }
  const sources = ['Cargo.toml', 'Cargo.lock', 'src/lib.rs'].map((file) => `${PEER}/${file}`);
  if (names.includes('candle') && older(`${PEER}/pkg/candle_bg.wasm`, sources)) buildCandle();
}

function buildCandle() {
  const { RUSTFLAGS, CARGO_ENCODED_RUSTFLAGS, ...env } = process.env; // would override the next
  env.CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS = '-C target-feature=+simd128';
  env.CARGO_TARGET_DIR ??= join(ROOT, 'target/candle-peer');
  // wasm-pack and wasm-bindgen as `cargo xtask` installs them; wasm-opt is npm's binaryen.
  const tools = [join(ROOT, '.tools/bin'), join(ROOT, 'www/node_modules/.bin')];
  env.PATH = [...tools, env.PATH].join(delimiter);
  const out = ['--no-pack', '--no-gitignore', '--out-dir', 'pkg', '--out-name', 'candle'];
  run('wasm-pack', ['build', PEER, '--target', 'web', '--release', ...out, '--', '--locked'], { cwd: ROOT, env });
}

function older(output, inputs) {
  const time = (file) => statSync(join(ROOT, file), { throwIfNoEntry: false })?.mtimeMs;
  return !(time(output) >= Math.max(...inputs.map(time)));
}

function run(program, args, options) {
  console.log(`> ${program} ${args.join(' ')}`);
  const { status, error } = spawnSync(program, args, { stdio: 'inherit', ...options });
  if (status !== 0) throw error ?? new Error(`${program} ended with status ${status}`);
}
