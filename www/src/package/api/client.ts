import { cancelled, PrecisError } from "./errors.js";
import { type AssetUrls, startWorker, unavailable } from "./fetch-asset.js";
import type { CallName, Calls, Reply, Request } from "./protocol.js";

/** If a cancelled call does not stop within this time, its worker is ended. */
const STUCK_AFTER_MS = 2000;

/** Options of a call, beside its parameters. */
export interface CallOptions<N extends CallName> {
  signal?: AbortSignal | undefined;
  onEvent?: ((event: Calls[N]["event"]) => void) | undefined;
}

interface Pending {
  resolve: (result: never) => void;
  reject: (error: PrecisError) => void;
  onEvent: ((event: never) => void) | undefined;
}

/** A worker and its pending calls. After the worker is lost, make another Client. */
export class Client {
  /** Name of the channel on which threads report failures. The worker can't report them, because it waits for its threads. */
  readonly alarm = `precis-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`;
  readonly #alarms = new BroadcastChannel(this.alarm);
  readonly #pending = new Map<number, Pending>();
  /** Cancelled calls that have not stopped yet. */
  readonly #stopping = new Set<Promise<unknown>>();
  readonly #worker: Worker;
  #nextId = 1;
  /** Whether the worker's script has run. */
  #started = false;
  #lost: PrecisError | null = null;

  private constructor(
    worker: Worker,
    readonly assets: AssetUrls,
  ) {
    this.#worker = worker;
    worker.addEventListener("message", ({ data }: MessageEvent<Reply>) => this.#receive(data));
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#crashed(event.message);
    });
    worker.addEventListener("messageerror", () => this.#crashed("a message could not be read"));
    this.#alarms.addEventListener("message", ({ data }: MessageEvent<string>) => this.#crashed(`a thread failed: ${data}`));
  }

  /** Starts a worker. Rejects with `engine-unavailable` if its script can't be loaded. */
  static async open(assets: AssetUrls): Promise<Client> {
    return new Client(await startWorker(assets.worker, "precis-worker"), assets);
  }

  /** Whether calls can still be made. */
  get alive(): boolean {
    return this.#lost === null;
  }

  /** Resolves when all cancelled calls have stopped, or the worker was ended because one did not. */
  async stopped(): Promise<void> {
    while (this.#stopping.size > 0) await Promise.allSettled(this.#stopping);
  }

  /** Makes a call. Rejects only with a PrecisError, and with `cancelled` only after the worker has stopped. */
  async call<N extends CallName>(
    name: N,
    params: Calls[N]["params"],
    { signal, onEvent }: CallOptions<N> = {},
  ): Promise<Calls[N]["result"]> {
    if (this.#lost) throw this.#lost;
    if (signal?.aborted) throw cancelled();
    const id = this.#nextId++;
    let stuck: ReturnType<typeof setTimeout> | undefined;
    const answer = new Promise<Calls[N]["result"]>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, onEvent });
      this.#post({ id, call: name, params } as Request);
    });
    const cancel = () => {
      this.#stopping.add(answer);
      this.#post({ id, call: "cancel" });
      stuck = setTimeout(() => {
        this.#settle(id)?.reject(cancelled());
        this.close(new PrecisError("worker-crashed", "The worker did not stop after cancelling, so it was ended. Try again."));
      }, STUCK_AFTER_MS);
    };
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      return await answer;
    } finally {
      this.#stopping.delete(answer);
      clearTimeout(stuck);
      signal?.removeEventListener("abort", cancel);
    }
  }

  /** Ends the worker at once and rejects its pending calls with `reason`. */
  close(reason: PrecisError): void {
    if (this.#lost) return;
    this.#lost = reason;
    this.#worker.terminate();
    this.#alarms.close();
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(reason);
  }

  #crashed(detail: string): void {
    // If the URL is not a worker script, the browser gives few details.
    if (!this.#started) return this.close(unavailable(this.assets.worker, detail || "no such script"));
    const what = detail ? ` (${detail})` : "";
    this.close(new PrecisError("worker-crashed", `The engine stopped unexpectedly${what}. Try again: a new one is started.`));
  }

  #post(request: Request): void {
    this.#worker.postMessage(request);
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  #receive(reply: Reply): void {
    this.#started = true;
    switch (reply.type) {
      case "started":
        return;
      case "event":
        return this.#pending.get(reply.id)?.onEvent?.(reply.event as never);
      case "result":
        return this.#settle(reply.id)?.resolve(reply.result as never);
      case "error":
        return this.#settle(reply.id)?.reject(new PrecisError(reply.code, reply.message));
    }
  }
}
