/** What happened to the model, the engine or a peer, for a log. */
export type HandlerEvent =
  | { readonly type: "model-loaded"; readonly model: string; readonly ms: number; readonly memory_bytes: number }
  /** The next attempt is made after so many seconds; `failures` in a row have happened. */
  | { readonly type: "model-failed"; readonly model: string; readonly code: string; readonly error: unknown; readonly failures: number; readonly retry_after_s: number }
  | { readonly type: "engine-crashed"; readonly error: unknown }
  /** A peer gets no more windows of a request. `peer` is its index. */
  | { readonly type: "peer-failed"; readonly peer: number; readonly error: unknown }
  /** A note store failed. Its notes were not used, or a new note was not kept. */
  | { readonly type: "store-failed"; readonly error: unknown }
  /** Of an answer with the code `internal`. Its message may contain secrets, so the caller does not get it. */
  | { readonly type: "internal-error"; readonly error: unknown };

export type OnEvent = (event: HandlerEvent) => void;

/** Writes what went wrong to the console. */
export function logged(event: HandlerEvent): void {
  if ("error" in event) console.error(`precis: ${event.type}`, event);
}

/** `onEvent`, whose own errors must not change an answer. */
export function guarded(onEvent: OnEvent): OnEvent {
  return (event) => {
    try {
      onEvent(event);
    } catch (error) {
      console.error(error);
    }
  };
}
