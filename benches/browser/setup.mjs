// What the bench needs besides the project's own build: npm packages and the peers.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

import { Q4_0, Q8 } from './systems.mjs';

export const ROOT = join(import.meta.dirname, '../..');

export const MODEL = 'models/SmolLM2-135M-Instruct.Q4_1.gguf';

const HERE = 'benches/browser';
const CANDLE = 'benches/peers/candle';
export const LLAMA = 'benches/peers/llama';
const ONNX = 'benches/peers/onnx';
const VENV = '.tools/llama';
const ONNX_VENV = '.tools/onnx';
export const PYTHON = `${VENV}/bin/python`;

const PACKAGE = 'precis-bench';
const TARGET = resolve(ROOT, process.env.CARGO_TARGET_DIR ?? 'target');
export const ENGINE = join(TARGET, 'release/precis-bench-peer');

/** ggml's instruction sets, and how Linux calls them. */
const SETS = {
  SSE42: 'sse4_2',
  AVX: 'avx',
  AVX2: 'avx2',
  FMA: 'fma',
  F16C: 'f16c',
  BMI2: 'bmi2',
  AVX_VNNI: 'avx_vnni',
  AVX512: 'avx512bw',
  AVX512_VBMI: 'avx512vbmi',
  AVX512_VNNI: 'avx512_vnni',
  AVX512_BF16: 'avx512_bf16',
};

/** Installs and builds what is missing or older than what it is made from. */
export function setUp(systems, model) {
  const names = systems.map(({ name }) => name);
  // The relaxed build makes the token ids for every system.
  const builds = names.includes('precis-simd') ? ['relaxed', 'simd'] : ['relaxed'];
  const modules = builds.map((build) => `www/src/package/assets/precis-${build}.wasm`);
  const missing = [...modules, model].find((file) => !existsSync(join(ROOT, file)));
  if (missing) {
    throw new Error(`${missing} is missing: \`cargo xtask bench\` makes what it needs`);
  }
  if (older(`${HERE}/node_modules/.package-lock.json`, [`${HERE}/package-lock.json`])) {
    run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: join(ROOT, HERE) });
  }
  const sources = ['Cargo.toml', 'Cargo.lock', 'src/lib.rs'].map((file) => `${CANDLE}/${file}`);
  if (names.includes('candle') && older(`${CANDLE}/pkg/candle_bg.wasm`, sources)) buildCandle();
  if (systems.some(({ native }) => native === 'precis')) {
    run('cargo', ['build', '--release', '--locked', '--package', PACKAGE], { cwd: ROOT });
  }
  if (systems.some(({ native, file }) => native === 'llama' || file === Q4_0)) buildLlama();
  if (systems.some(({ file }) => file === Q4_0) && older(Q4_0, [MODEL, `${LLAMA}/quantize.py`])) {
    run(PYTHON, [`${LLAMA}/quantize.py`, MODEL, Q4_0], { cwd: ROOT });
  }
  if (systems.some(({ file }) => file === Q8)) exportOnnx();
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
  run('wasm-pack', ['build', CANDLE, ...how, ...where, '--', '--locked'], { cwd: ROOT, env });
}

/**
 * What llama.cpp is built with. On x86 Linux these are the sets that the processor has, one by one:
 * left to itself, ggml would take AMX too, which some virtual machines show and then refuse.
 */
export function cmakeArgs() {
  const cpuinfo = existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : '';
  const flags = cpuinfo.match(/^flags\s*:(.*)$/m)?.[1].split(' ');
  if (!flags) return '-DGGML_NATIVE=ON';
  const sets = Object.keys(SETS).filter((set) => flags.includes(SETS[set]));
  return ['-DGGML_NATIVE=OFF', ...sets.map((set) => `-DGGML_${set}=ON`)].join(' ');
}

/** Takes minutes, once: a virtual environment with llama.cpp compiled for this machine. */
function buildLlama() {
  const args = cmakeArgs();
  const files = ['requirements.txt', 'build-constraints.txt'];
  const [requirements, constraints] = files.map((file) => join(ROOT, LLAMA, file));
  const texts = [requirements, constraints].map((file) => readFileSync(file, 'utf8'));
  const env = {
    ...process.env,
    CMAKE_ARGS: `-DLLAVA_BUILD=OFF ${args}`,
    SKBUILD_CMAKE_VERBOSE: 'false',
    PIP_CONSTRAINT: constraints, // older pip
    PIP_BUILD_CONSTRAINT: constraints,
  };
  // -v shows how far the compiler is.
  const what = ['-v', '--no-binary', 'llama-cpp-python', '-r', requirements];
  venv(VENV, [args, ...texts].join('\n'), what, env);
}

/** Takes minutes, once: a virtual environment with what makes ONNX of the model, and the export. */
function exportOnnx() {
  const requirements = join(ROOT, ONNX, 'requirements.txt');
  venv(ONNX_VENV, readFileSync(requirements, 'utf8'), ['-r', requirements]);
  if (!older(Q8, [MODEL, `${ONNX}/export.py`])) return;
  run(`${ONNX_VENV}/bin/python`, [`${ONNX}/export.py`, MODEL, Q8], { cwd: ROOT });
}

/** A virtual environment that pip installs this in, made anew when what it is made of differs. */
function venv(folder, inputs, what, env) {
  const made = join(ROOT, folder, 'made-of.txt');
  if (existsSync(made) && readFileSync(made, 'utf8') === inputs) return;
  run('python3', ['-m', 'venv', '--clear', folder], { cwd: ROOT });
  // A wheel in pip's cache may be made with other flags.
  const how = ['--no-cache-dir', '--disable-pip-version-check'];
  run(`${folder}/bin/python`, ['-m', 'pip', 'install', ...how, ...what], { cwd: ROOT, env });
  writeFileSync(made, inputs);
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
