import { Failure, isTrap } from "./errors.js";
import { Queue } from "./queue.js";
import type { Call, Limits, Model } from "./types.js";
import type { Engine, ModelInfo } from "./wasm/relaxed/precis.js";

/** Takes a model file piece by piece: the part of the engine's `ModelLoader` that is used here. */
export interface Loader {
  push(bytes: Uint8Array): void;
  finish(): Pick<Engine, "plan" | "note" | "summarize">;
}

/** A new instance of the engine's module, as `instance.js` makes it. `onTrap` is told of every trap, in whatever task it happens. */
export type Instantiate = (
  module: WebAssembly.Module,
  onTrap: (error: unknown) => void,
) => { ModelLoader: new (size: number, info: ModelInfo, reason: string) => Loader; memory: WebAssembly.Memory };

/** A model that is ready. */
interface Loaded {
  readonly engine: ReturnType<Loader["finish"]>;
  readonly memory: WebAssembly.Memory;
  readonly loadMs: number;
  /** Never fulfilled; rejected when the instance traps, whose own promises would then wait for ever. */
  readonly trapped: Promise<never>;
}

/** More than an engine takes to notice that a request was aborted. */
const GRACE_MS = 15_000;

/** The one engine of this isolate: loaded when it is first asked for something, and anew after a trap. */
export class Host {
  readonly queue: Queue;
  #loaded: Loaded | undefined;
  /** Counts the instances that were thrown away: what was begun for one of them is nothing to its successor. */
  #discarded = 0;

  constructor(
    private readonly instantiate: Instantiate,
    private readonly module: WebAssembly.Module,
    private readonly model: Model,
    private readonly reason: string,
    limits: Limits,
  ) {
    this.queue = new Queue(1 + limits.queue, limits.seconds * 1000 + GRACE_MS, () => this.#discard());
  }

  get loaded(): boolean {
    return this.#loaded !== undefined;
  }

  /** Bytes of the instance's memory. */
  get memoryBytes(): number | null {
    return this.#loaded?.memory.buffer.byteLength ?? null;
  }

  /** How long the model took to come and to be made ready. */
  get loadMs(): number | null {
    return this.#loaded?.loadMs ?? null;
  }

  /** Does `work` with the engine when it is its turn. Loading is part of a turn, so concurrent first requests share it. */
  use<T>(call: Call, work: (engine: Loaded["engine"]) => T | Promise<T>): Promise<T> {
    return this.queue.turn(call, async () => {
      try {
        const { engine, trapped } = this.#loaded ?? (await this.#load());
        return await Promise.race([work(engine), trapped]);
      } catch (error) {
        if (!isTrap(error)) throw error;
        this.#discard();
        throw new Failure("engine-crashed", "The engine stopped unexpectedly. Try again: it starts afresh.", { cause: error });
      }
    });
  }

  async #load(): Promise<Loaded> {
    const began = Date.now();
    const instance = this.#discarded;
    const reader = (await this.model.open().catch(unavailable)).getReader();
    try {
      let trap: (error: unknown) => void = () => {};
      const trapped = new Promise<never>((_, reject) => (trap = reject));
      // Nobody may be asking for anything when it happens.
      trapped.catch(() => {
        if (instance === this.#discarded) this.#discard();
      });
      const { ModelLoader, memory } = this.instantiate(this.module, trap);
      const { id, sha256, bytes } = this.model;
      const loader = new ModelLoader(bytes, { id, sha256, read_ms: Date.now() - began }, this.reason);
      for (;;) {
        const { done, value } = await reader.read().catch(unavailable);
        if (done) break;
        loader.push(value);
      }
      const loaded = { engine: loader.finish(), memory, loadMs: Date.now() - began, trapped };
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

function unavailable(cause: unknown): never {
  console.error(cause);
  throw new Failure("model-unavailable", "The model could not be fetched. Try again; if it happens again, the reason stands in the server's log.", { cause });
}
