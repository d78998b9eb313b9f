import { Backoff } from "./backoff.js";
import { Failure, isTrap, toFailure } from "./errors.js";
import type { OnEvent } from "./events.js";
import { Pace } from "./pace.js";
import { Queue } from "./queue.js";
import type { Call, Model } from "./types.js";
import type { Engine, ModelInfo, Note } from "./wasm/relaxed/precis.js";

/** The part of the engine's `ModelLoader` that is used here. It receives the model file in pieces. */
export interface Loader {
  push(bytes: Uint8Array): void;
  finish(): Pick<Engine, "plan" | "note" | "summarize">;
}

/** Makes an instance of the engine's module; see `instance.js`. `onTrap` receives every trap, in any task. */
export type Instantiate = (
  module: WebAssembly.Module,
  onTrap: (error: unknown) => void,
) => { ModelLoader: new (size: number, info: ModelInfo, reason: string) => Loader; memory: WebAssembly.Memory };

/** An instance with a loaded model. */
interface Loaded {
  readonly engine: ReturnType<Loader["finish"]>;
  readonly memory: WebAssembly.Memory;
  readonly loadMs: number;
  /** Hear of a trap of the instance, whose own promises then never settle. One for each turn that runs. */
  readonly traps: Set<(error: unknown) => void>;
}

/** The engine of this isolate. Loaded on first use, and again after a trap. */
export class Host {
  /** Its speed, in taking notes. */
  readonly pace = new Pace();
  readonly #queue: Queue;
  readonly #backoff = new Backoff();
  /** Why the last load failed; undefined after one that did not. */
  #failure: Failure | undefined;
  #loaded: Loaded | undefined;
  /** Number of discarded instances, by which a load or a trap of an old instance is recognized. */
  #discarded = 0;

  constructor(
    private readonly instantiate: Instantiate,
    private readonly module: WebAssembly.Module,
    private readonly model: Model,
    private readonly reason: string,
    patienceMs: number,
    private readonly onEvent: OnEvent,
  ) {
    this.#queue = new Queue(patienceMs, () => this.#discard());
  }

  get loaded(): boolean {
    return this.#loaded !== undefined;
  }

  /** Why there is no model, and in how many seconds it may be there; null if nothing failed. */
  get failure(): { code: string; message: string; retry_after_s: number } | null {
    return this.#failure ? { code: this.#failure.code, message: this.#failure.message, retry_after_s: this.#backoff.seconds } : null;
  }

  /** Size of the instance's memory, in bytes. */
  get memoryBytes(): number | null {
    return this.#loaded?.memory.buffer.byteLength ?? null;
  }

  /** Time to fetch and prepare the model. */
  get loadMs(): number | null {
    return this.#loaded?.loadMs ?? null;
  }

  /** Runs `work` with the engine, in turn. Loading is part of a turn, so concurrent first requests load once. */
  use<T>(call: Call, work: (engine: Loaded["engine"]) => T | Promise<T>): Promise<T> {
    return this.#queue.turn(call, async () => {
      try {
        const { engine, traps } = this.#loaded ?? (await this.#load());
        return await unlessTrapped(traps, () => work(engine));
      } catch (error) {
        if (!isTrap(error)) throw error;
        this.#discard();
        this.onEvent({ type: "engine-crashed", error });
        throw crashed(error);
      }
    });
  }

  /** Takes a note on a window, and the time that this takes for `pace`. */
  async timed(window: string, note: () => Promise<Note>): Promise<Note> {
    const began = Date.now();
    const taken = await note();
    this.pace.took(window.length, Date.now() - began);
    return taken;
  }

  /** Loads the model, but not soon after a failure: it is large, and a file that is corrupt stays so for a while. */
  async #load(): Promise<Loaded> {
    if (this.#failure && this.#backoff.seconds > 0) throw this.#later("model-unavailable", `The model could not be loaded (${this.#failure.code}).`, this.#failure);
    const { id } = this.model;
    const instance = this.#discarded;
    try {
      const loaded = await this.#loadNow();
      // This load was given up, and another may have ended: that one counts.
      if (instance !== this.#discarded) return loaded;
      this.#backoff.succeeded();
      this.#failure = undefined;
      this.onEvent({ type: "model-loaded", model: id, ms: loaded.loadMs, memory_bytes: loaded.memory.buffer.byteLength });
      return loaded;
    } catch (error) {
      const failure = isTrap(error) ? crashed(error) : toFailure(error);
      if (instance !== this.#discarded) throw failure;
      this.#backoff.failed();
      this.#failure = failure;
      this.onEvent({ type: "model-failed", model: id, code: failure.code, error: failure.cause ?? failure, failures: this.#backoff.failures, retry_after_s: this.#backoff.seconds });
      throw this.#later(failure.code, failure.message, failure);
    }
  }

  /** A failure with the time of the next attempt. */
  #later(code: string, message: string, cause: Failure): Failure {
    const seconds = Math.max(1, this.#backoff.seconds);
    return new Failure(code, `${message} The next attempt can be made in ${seconds} s.`, { cause, headers: { "Retry-After": String(seconds) } });
  }

  async #loadNow(): Promise<Loaded> {
    const began = Date.now();
    const instance = this.#discarded;
    const reader = (await this.model.open().catch(unavailable)).getReader();
    try {
      const traps: Loaded["traps"] = new Set();
      // A trap may happen while no turn runs. One during the load is a failure of the load: there is nothing to discard yet.
      const onTrap = (error: unknown) => {
        if (this.#loaded?.traps === traps) this.#discard();
        for (const trap of traps) trap(error);
      };
      const { ModelLoader, memory } = this.instantiate(this.module, onTrap);
      const { id, sha256, bytes } = this.model;
      const loader = new ModelLoader(bytes, { id, sha256, read_ms: Date.now() - began }, this.reason);
      for (;;) {
        const { done, value } = await reader.read().catch(unavailable);
        if (done) break;
        loader.push(value);
      }
      const loaded = { engine: loader.finish(), memory, loadMs: Date.now() - began, traps };
      if (instance === this.#discarded) this.#loaded = loaded;
      return loaded;
    } catch (error) {
      void reader.cancel().catch(() => {});
      throw error;
    }
  }

  #discard(): void {
    this.#discarded++;
    this.#loaded = undefined;
  }
}

/**
 * Settles with `work`, or rejects when the instance traps. The promise of the trap belongs to this turn: on Cloudflare, a request can't
 * wait for one that was made by a request that has ended.
 */
async function unlessTrapped<T>(traps: Loaded["traps"], work: () => T | Promise<T>): Promise<T> {
  let trap: (error: unknown) => void = () => {};
  const trapped = new Promise<never>((_, reject) => (trap = reject));
  // Where `work` throws at once, nobody waits for it.
  trapped.catch(() => {});
  traps.add(trap);
  try {
    return await Promise.race([work(), trapped]);
  } finally {
    traps.delete(trap);
  }
}

function crashed(cause: unknown): Failure {
  return new Failure("engine-crashed", "The engine stopped unexpectedly. Try again: a new one is started.", { cause });
}

function unavailable(cause: unknown): never {
  throw new Failure("model-unavailable", "The model could not be fetched: the server's log has the cause.", { cause });
}
