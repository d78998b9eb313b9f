import type { Host } from "./engine.js";
import { bounded } from "./abort.js";
import type { Part } from "./body.js";
import { orAborted } from "./errors.js";
import type { Call, FanOut, Fetch, Limits } from "./types.js";
import type { Note, Options, Windows } from "./wasm/relaxed/precis.js";

/** After this many failures in a row, a peer gets no more windows of a request. */
const GIVE_UP_AFTER = 2;

/** The engine's limit for a note, in bytes. */
const LONGEST_NOTE = 4096;

/** A window without a note. */
interface Window {
  readonly index: number;
  readonly text: string;
  /** Peers that failed to take this note. */
  readonly failedAt: Set<Fetch>;
}

/** Progress after each note. */
export interface NoteProgress {
  done: number;
  of: number;
}

/** The peer at this address: another deployment of this handler. */
export function peerAt(origin: string): Fetch {
  return async (request) => {
    const { method, headers, signal } = request;
    return fetch(new URL(new URL(request.url).pathname, origin), { method, headers, signal, body: await request.text() });
  };
}

/**
 * Takes notes on the windows of a plan, on the peers and on this isolate: each takes the next window when it is done with one. All
 * of them know the document's kind, and so ask the same. A window that stays without a note is left to the engine's own run. `tell`
 * is called after every note.
 */
export async function fanOut(
  { windows, kind }: Pick<Windows, "windows" | "kind">,
  options: Options,
  { host, peers, token, limits }: { host: Host; peers: readonly Fetch[]; token: string | undefined; limits: Limits },
  call: Call,
  tell: (progress: NoteProgress) => void = () => {},
): Promise<{ notes: (Note | undefined)[]; account: FanOut }> {
  const list = new List(windows, limits.tries);
  let done = 0;
  const finish = (window: Window, note: Note) => {
    list.finish(window, note);
    tell({ done: ++done, of: windows.length });
  };
  const account: FanOut = { windows: windows.length, elsewhere: 0, retried: 0, peers_failed: 0 };
  const stop = bounded([call.signal]);
  const all: Call = { signal: stop.signal, keep: (work) => call.keep(work) };

  const elsewhere = async (peer: Fetch) => {
    let failures = 0;
    while (failures < GIVE_UP_AFTER) {
      const window = await list.nextFor(peer);
      if (!window) return;
      try {
        finish(window, await askForNote(peer, { text: window.text, kind }, token, limits.noteSeconds, all.signal));
        account.elsewhere++;
        failures = 0;
      } catch {
        all.signal.throwIfAborted();
        account.retried++;
        failures++;
        list.giveBack(window, peer);
      }
    }
    account.peers_failed++;
  };

  const here = async () => {
    // Chosen only when the engine is free, so that a peer can take the window until then.
    const takeOne = () =>
      host.use(all, async (engine) => {
        const window = list.next();
        if (window) finish(window, await engine.note(window.text, { ...options, kind }, all.signal));
        return window !== undefined;
      });
    while (await takeOne());
  };

  try {
    await Promise.all([here(), ...peers.map(elsewhere)]);
  } finally {
    // After an error, stop the other workers too.
    stop.end();
  }
  return { notes: list.notes, account };
}

/** The windows still to do, and the notes taken so far. */
class List {
  readonly notes: (Note | undefined)[];
  readonly #left: Window[];
  /** Number of windows in progress. */
  #out = 0;
  #changed = signal();

  constructor(
    windows: readonly string[],
    private readonly tries: number,
  ) {
    this.notes = windows.map(() => undefined);
    this.#left = windows.map((text, index) => ({ index, text, failedAt: new Set() }));
  }

  /** The next window, for this isolate. */
  next(): Window | undefined {
    return this.#take(0);
  }

  /** The next window on which `peer` has not failed. Waits while other peers may still give back theirs. */
  async nextFor(peer: Fetch): Promise<Window | undefined> {
    for (;;) {
      const at = this.#left.findIndex(({ failedAt }) => failedAt.size < this.tries && !failedAt.has(peer));
      if (at >= 0) return this.#take(at);
      if (this.#out === 0) return undefined;
      await this.#changed.promise;
    }
  }

  finish({ index }: Window, note: Note): void {
    this.notes[index] = note;
    this.#done();
  }

  giveBack(window: Window, peer: Fetch): void {
    window.failedAt.add(peer);
    this.#left.push(window);
    this.#done();
  }

  #take(at: number): Window | undefined {
    const [window] = this.#left.splice(at, 1);
    if (window) this.#out++;
    return window;
  }

  #done(): void {
    this.#out--;
    this.#changed.fire();
    this.#changed = signal();
  }
}

function signal(): { promise: Promise<void>; fire: () => void } {
  let fire = () => {};
  const promise = new Promise<void>((resolve) => (fire = resolve));
  return { promise, fire };
}

async function askForNote(peer: Fetch, part: Part, token: string | undefined, seconds: number, signal: AbortSignal): Promise<Note> {
  const limit = bounded([signal], seconds);
  const headers = { "Content-Type": "application/json", ...(token !== undefined && { Authorization: `Bearer ${token}` }) };
  const request = new Request("https://peer.invalid/note", { method: "POST", headers, body: JSON.stringify(part), signal: limit.signal });
  const answer = async () => {
    const response = await peer(request);
    if (response.ok) return noteOf(await response.json());
    await response.body?.cancel();
    throw new Error(`status ${response.status}`);
  };
  try {
    return await orAborted(answer(), limit.signal);
  } finally {
    limit.end();
  }
}

/** Validates a peer's note, because the engine's run fails on an invalid one. */
function noteOf(value: unknown): Note {
  const { text, tokens, ms } = Object(value) as Record<string, unknown>;
  const fits = typeof text === "string" && new TextEncoder().encode(text).length <= LONGEST_NOTE;
  if (!fits || !isCount(tokens) || !(ms === null || (typeof ms === "number" && ms >= 0))) throw new Error("invalid note");
  return { text, tokens, ms };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 2 ** 32;
}
