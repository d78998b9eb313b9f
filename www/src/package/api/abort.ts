/** Replacements for AbortSignal.any and Promise.withResolvers, which older browsers lack. */

/** A promise and the functions that settle it. */
export interface Deferred<T> {
  promise: Promise<T>;
  resolve: (value: T | PromiseLike<T>) => void;
  reject: (reason: unknown) => void;
}

/** A promise that the caller settles. */
export function deferred<T>(): Deferred<T> {
  let resolve!: Deferred<T>["resolve"];
  let reject!: Deferred<T>["reject"];
  const promise = new Promise<T>((yes, no) => ((resolve = yes), (reject = no)));
  return { promise, resolve, reject };
}

/** A signal that follows others until it is released. */
export interface Following {
  signal: AbortSignal;
  /** Removes the listeners from the followed signals, which may live much longer. */
  release: () => void;
}

/** A signal that aborts with the reason of the first of `signals` to abort. Of those already aborted, the first in order counts. */
export function firstOf(...signals: (AbortSignal | undefined)[]): Following {
  const controller = new AbortController();
  const listeners = new AbortController();
  for (const signal of signals) {
    if (!signal || controller.signal.aborted) continue;
    if (signal.aborted) controller.abort(signal.reason);
    else signal.addEventListener("abort", () => controller.abort(signal.reason), { signal: listeners.signal });
  }
  return { signal: controller.signal, release: () => listeners.abort() };
}

/** Settles with `promise`, or rejects with the signal's reason as soon as it aborts. `promise` itself is not stopped. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  // Ignore later rejections.
  promise.catch(() => undefined);
  signal.throwIfAborted();
  const { promise: aborted, reject } = deferred<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
