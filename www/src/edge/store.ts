import { bounded, unlessAborted } from "./abort.js";
import type { OnEvent } from "./events.js";
import { bytesOf, noteOf } from "./note.js";
import type { Call, Model, NoteStore } from "./types.js";
import type { Note, Windows } from "./wasm/relaxed/precis.js";

/** A store that takes longer is not waited for: reading a window again takes a few seconds. */
const SECONDS = 5;

/** The notes on one document's windows, in a store that its sender may use. */
export class KeptNotes {
  private constructor(
    private readonly store: NoteStore,
    private readonly keys: readonly string[],
    /** Those that the store had, in the order of the windows. */
    readonly found: readonly (Note | undefined)[],
    private readonly onEvent: OnEvent,
  ) {}

  /** Looks up the notes on the windows of a plan. A store that fails has none. */
  static async of(store: NoteStore, { windows, keys: asked }: Windows, { sha256 }: Model, { signal }: Call, onEvent: OnEvent): Promise<KeptNotes> {
    // The engine's keys are hashes of what the model is asked. Another model answers otherwise.
    const keys = asked.map((key) => (key === "" ? "" : `${sha256}-${key}`));
    let given: readonly unknown[] = [];
    try {
      given = await inTime((async () => store.get(keys))(), signal);
      if (!Array.isArray(given)) throw new Error("the note store returned no list");
    } catch (error) {
      signal.throwIfAborted();
      given = [];
      onEvent({ type: "store-failed", error });
    }
    const found = windows.map((text, i) => (keys[i] ? noteOf(given[i], bytesOf(text), Infinity) : undefined));
    return new KeptNotes(store, keys, found, onEvent);
  }

  /** Keeps the note on a window. */
  async keep(window: number, note: Note): Promise<void> {
    const key = this.keys[window];
    if (!key) return;
    try {
      await inTime((async () => this.store.put(key, note))());
    } catch (error) {
      this.onEvent({ type: "store-failed", error });
    }
  }
}

async function inTime<T>(work: Promise<T>, ...signals: AbortSignal[]): Promise<T> {
  const bound = bounded(signals, SECONDS);
  try {
    return await unlessAborted(work, bound.signal);
  } finally {
    bound.end();
  }
}
