/** A signal, and the function that ends it. */
export interface Bound {
  readonly signal: AbortSignal;
  /** Aborts the signal with this reason, and removes its listeners and timer. */
  end(reason?: unknown): void;
}

/**
 * A signal that aborts with the first of `signals`, or with `late` after `seconds`. This does not use AbortSignal.any and
 * AbortSignal.timeout: Node holds only weak references to them, and may collect such a timeout before it fires.
 */
export function bounded(signals: readonly AbortSignal[], seconds?: number, late: unknown = new DOMException(`It took more than ${seconds} s.`, "TimeoutError")): Bound {
  const controller = new AbortController();
  const listening = new AbortController();
  const end = (reason?: unknown) => {
    clearTimeout(timer);
    listening.abort();
    controller.abort(reason);
  };
  const timer = seconds === undefined ? undefined : setTimeout(() => end(late), seconds * 1000);
  for (const signal of signals) {
    // Servers abort the signal of a request whose client has left with whatever they like, a string for example.
    const follow = () => end(signal.reason instanceof Error ? signal.reason : new DOMException(String(signal.reason), "AbortError"));
    if (signal.aborted) follow();
    else signal.addEventListener("abort", follow, { signal: listening.signal });
  }
  return { signal: controller.signal, end };
}

/** Settles with `work`, or rejects with the signal's reason as soon as it aborts. `work` itself is not stopped. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort);
    void work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** A promise, and the function that resolves it. */
export function gate(): { promise: Promise<void>; open: () => void } {
  let open = () => {};
  const promise = new Promise<void>((resolve) => (open = resolve));
  return { promise, open };
}
