// What the bench needs besides the project's own build: npm packages and the candle peer.

import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

export const MODEL = 'models/SmolLM2-135M-Instruct.Q4_1.gguf';

const HERE = 'benches/browser';
const PEER = 'benches/peers/candle';

/** Installs and builds what is missing or older than what it is made from. */
export function setUp(names) {
  // The relaxed build makes the token ids for every system.
  const builds = names.includes('precis-simd') ? ['relaxed', 'simd'] : ['relaxed'];
  const modules = builds.map((build) => `www/src/summarizer/wasm/${build}/precis_bg.wasm`);
  const missing = [...modules, MODEL].find((file) => !existsSync(join(ROOT, file)));
  if (missing) {
    throw new Error(`${missing} is missing: \`cargo xtask bench\` makes what it needs`);
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
  const how = ['--target', 'web', '--release', '--no-pack', '--no-gitignore'];
  const where = ['--out-dir', 'pkg', '--out-name', 'candle'];
  run('wasm-pack', ['build', PEER, ...how, ...where, '--', '--locked'], { cwd: ROOT, env });
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
