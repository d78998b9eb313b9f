/** A signal with an end of its own. */
export interface Bound {
  readonly signal: AbortSignal;
  /** Aborts the signal, for this reason, and stops to listen and to count. */
  end(reason?: unknown): void;
}

/**
 * A signal that aborts with the first of `signals`, or after so many seconds, then with `late`. AbortSignal.any over AbortSignal.timeout would be
 * shorter, and does not always fire: Node holds both of them weakly, so a timeout that nothing else holds is collected, and with
 * it its timer.
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
    if (signal.aborted) end(signal.reason);
    else signal.addEventListener("abort", () => end(signal.reason), { signal: listening.signal });
  }
  return { signal: controller.signal, end };
}
