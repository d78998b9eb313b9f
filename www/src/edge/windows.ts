import { type Bound, bounded, gate } from "./abort.js";
import type { Pace } from "./pace.js";
import type { Note } from "./wasm/relaxed/precis.js";

/** A reader may take a window of another one when that has it for so many times what this reader needs. */
const OVERDUE = 1.5;

/** A shorter time does not make a window late. */
const LEAST_MS = 250;

/** Who takes notes: this isolate, or a peer. */
export interface Reader {
  readonly pace: Pace;
}

interface Window {
  readonly index: number;
  readonly text: string;
  /** Peers that failed to take this note. */
  readonly failedAt: Set<Reader>;
  /** Who reads it now: one, or two if the first is late. */
  readonly holders: Map<Reader, Held>;
}

/** A window that somebody reads. */
export interface Held extends Pick<Window, "index" | "text"> {
  readonly reader: Reader;
  readonly since: number;
  /** Aborts when its time is up, when another reader was faster, and when the request ends. */
  readonly signal: AbortSignal;
}

/** The windows of a document, the notes taken so far, and who reads what. */
export class WindowList {
  readonly notes: (Note | undefined)[];
  /** How often a window was given to a second reader, because the first was late. */
  hedged = 0;
  readonly #windows: readonly Window[];
  readonly #bounds = new Map<Held, Bound>();
  #changed = gate();

  /**
   * @param here This isolate, which may read every window. Before it knows its own speed, every window of another reader is late.
   * @param known Notes that were taken before.
   * @param tries Peers that may fail on a window before only this isolate may read it.
   */
  constructor(
    windows: readonly string[],
    known: readonly (Note | undefined)[],
    private readonly here: Reader,
    private readonly tries: number,
    private readonly signal: AbortSignal,
  ) {
    this.notes = windows.map((_, index) => known[index]);
    this.#windows = windows.map((text, index) => ({ index, text, failedAt: new Set(), holders: new Map() }));
    signal.addEventListener("abort", () => this.#announce());
  }

  /** Waits until there is a window for `reader`. False if there will be none. */
  async hasFor(reader: Reader): Promise<boolean> {
    for (;;) {
      this.signal.throwIfAborted();
      const { window, inMs } = this.#choose(reader);
      if (window) return true;
      if (inMs === undefined) return false;
      const timer = inMs < Infinity ? setTimeout(() => this.#announce(), inMs) : undefined;
      await this.#changed.promise.finally(() => clearTimeout(timer));
    }
  }

  /** Gives `reader` a window, if there is one for it now. `secondsFor` says for how long. */
  take(reader: Reader, secondsFor?: (text: string) => number): Held | undefined {
    const { window } = this.#choose(reader);
    if (!window) return undefined;
    if (window.holders.size > 0) this.hedged++;
    const bound = bounded([this.signal], secondsFor?.(window.text));
    const held: Held = { index: window.index, text: window.text, reader, since: Date.now(), signal: bound.signal };
    this.#bounds.set(held, bound);
    window.holders.set(reader, held);
    this.#announce();
    return held;
  }

  /** Keeps the note on a window. False if another reader was faster: the first note counts. */
  finish(held: Held, note: Note): boolean {
    if (!this.#release(held)) return false;
    this.notes[held.index] = note;
    // Who reads it, too, can stop.
    for (const other of this.#windows[held.index]?.holders.values() ?? []) this.#release(other);
    return true;
  }

  /** Takes back a window that `held.reader` failed to read. False if another reader was faster. */
  giveBack(held: Held): boolean {
    this.#windows[held.index]?.failedAt.add(held.reader);
    return this.#release(held);
  }

  /** Ends the holding of a window. False if that has happened before. */
  #release(held: Held): boolean {
    const bound = this.#bounds.get(held);
    bound?.end(new DOMException("Another reader was faster.", "AbortError"));
    this.#windows[held.index]?.holders.delete(held.reader);
    this.#announce();
    return this.#bounds.delete(held);
  }

  /** The window for a reader now; or in how many milliseconds there may be one, if nothing else happens. */
  #choose(reader: Reader): { window?: Window; inMs?: number } {
    let inMs: number | undefined;
    let late: Window | undefined;
    for (const window of this.#windows) {
      if (this.notes[window.index]) continue;
      const [holder] = window.holders.values();
      // It may come back.
      if (holder) inMs ??= Infinity;
      if (reader !== this.here && (window.failedAt.has(reader) || window.failedAt.size >= this.tries)) continue;
      if (!holder) return { window };
      if (window.holders.size > 1 || holder.reader === reader) continue;
      const patience = reader.pace.of(window.text.length * OVERDUE) ?? (reader === this.here ? 0 : Infinity);
      const left = holder.since + Math.max(LEAST_MS, patience) - Date.now();
      if (left <= 0) late ??= window;
      inMs = Math.min(inMs ?? Infinity, left);
    }
    return late ? { window: late } : inMs === undefined ? {} : { inMs };
  }

  #announce(): void {
    this.#changed.open();
    this.#changed = gate();
  }
}
