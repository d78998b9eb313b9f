/** What AbortSignal.any and Promise.withResolvers do, for browsers that lack them. */

/** A promise, and what settles it. */
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
  /** Stops following: what was followed may live much longer. */
  release: () => void;
}

/** A signal that aborts as soon as one of `signals` does, with its reason. Of those that are aborted already the first counts. */
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

/** `promise`, or a rejection with the signal's reason as soon as it aborts. The promise itself goes on. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  // What it rejects with later is nobody's business.
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
