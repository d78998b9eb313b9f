// Systems that run outside of the browser, one child process each: benches/engine/src/main.rs and
// peers/llama/serve.py.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { ENGINE, LLAMA, PYTHON, ROOT } from './setup.mjs';

/** Program and first arguments, by a system's `native`. */
const PROGRAMS = { precis: [ENGINE], llama: [join(ROOT, PYTHON), `${LLAMA}/serve.py`] };

/** A loaded model. It ends when its input does, hence also when this process dies. */
export class Native {
  /** Loads a system with room for `context` positions. */
  async load({ name, native, file, threads }, context) {
    const [program, ...args] = [...PROGRAMS[native], file, threads, context].map(String);
    const stdio = ['pipe', 'pipe', 'inherit'];
    this.child = spawn(program, args, { cwd: ROOT, stdio });
    this.name = name;
    await once(this.child, 'spawn');
    this.child.stdin.on('error', () => {}); // it has ended, which the missing answer tells
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
    this.features = (await this.answer()).features;
  }

  /** One repetition as the page makes it, and the processor time that it took. */
  measure({ ids }, decode) {
    this.child.stdin.write(`${JSON.stringify({ ids, decode })}\n`);
    return this.answer();
  }

  async answer() {
    const { value, done } = await this.lines.next();
    if (done) throw new Error(`${this.name} ended`);
    return JSON.parse(value);
  }

  async close() {
    const { pid, exitCode, signalCode } = this.child;
    if (!pid || exitCode !== null || signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL'); // it has nothing to tidy up
    await ended;
  }
}
