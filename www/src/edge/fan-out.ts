import type { Host } from "./engine.js";
import { bounded } from "./abort.js";
import type { OnEvent } from "./events.js";
import type { Peer } from "./peer.js";
import type { KeptNotes } from "./store.js";
import type { Call, FanOut, Limits } from "./types.js";
import { type Held, WindowList } from "./windows.js";
import type { Note, Options, Windows } from "./wasm/relaxed/precis.js";

/** After this many failures in a row, a peer gets no more windows of a request. */
const GIVE_UP_AFTER = 2;

/** Progress after each note. */
export interface NoteProgress {
  done: number;
  of: number;
}

/** The notes on all windows, and where they are from. */
export interface Taken {
  readonly notes: (Note | undefined)[];
  readonly here: readonly Note[];
  readonly elsewhere: readonly Note[];
  readonly remembered: readonly Note[];
  readonly account: FanOut;
}

/**
 * Takes notes on the windows of a plan, on the peers and on this isolate: each takes the next window when it is done with one, and
 * at the end one that another reader has had for too long. All of them know the document's kind, and so ask the same. `tell` is
 * called after every note. Windows with a note in `kept` are not read.
 */
export async function fanOut(
  { windows, kind }: Pick<Windows, "windows" | "kind">,
  options: Options,
  { host, peers, limits, onEvent, kept }: { host: Host; peers: readonly Peer[]; limits: Limits; onEvent: OnEvent; kept: KeptNotes | undefined },
  call: Call,
  tell: (progress: NoteProgress) => void,
): Promise<Taken> {
  const stop = bounded([call.signal]);
  const all: Call = { ...call, signal: stop.signal };
  const list = new WindowList(windows, kept?.found ?? [], host, limits.tries, stop.signal);
  const remembered = list.notes.filter((note) => note !== undefined);
  const taken = { here: [] as Note[], elsewhere: [] as Note[] };
  const failures = { retried: 0, peers_failed: 0 };
  /** Keeps a note, if it is the first on its window. */
  const finish = (held: Held, note: Note) => {
    if (!list.finish(held, note)) return false;
    taken[held.reader === host ? "here" : "elsewhere"].push(note);
    if (kept) call.keep(kept.keep(held.index, note));
    tell({ done: remembered.length + taken.here.length + taken.elsewhere.length, of: windows.length });
    return true;
  };

  const askForNotes = async (peer: Peer, index: number) => {
    let last: unknown;
    for (let inARow = 0; inARow < GIVE_UP_AFTER; ) {
      if (!(await list.hasFor(peer))) return;
      const held = list.take(peer, ({ length }) => peer.secondsFor(length, limits));
      if (!held) continue;
      try {
        const note = await peer.note({ text: held.text, kind }, held.signal);
        if (finish(held, note)) inARow = 0;
      } catch (error) {
        all.signal.throwIfAborted();
        if (!list.giveBack(held)) continue;
        last = error;
        failures.retried++;
        inARow++;
      }
    }
    failures.peers_failed++;
    onEvent({ type: "peer-failed", peer: index, error: last });
  };

  const takeNotes = async () => {
    while (await list.hasFor(host)) {
      await host.use(all, async (engine) => {
        // Chosen only when the engine is free, so that a peer can take the window until then.
        const held = list.take(host);
        if (!held) return;
        try {
          finish(held, await host.timed(held.text, () => engine.note(held.text, { ...options, kind }, held.signal)));
        } catch (error) {
          // Stopped, because a peer was faster.
          if (list.giveBack(held)) throw error;
        }
      });
    }
  };

  try {
    await Promise.all([takeNotes(), ...peers.map(askForNotes)]);
  } finally {
    // After an error, stop the other workers too.
    stop.end();
  }
  const account = { windows: windows.length, elsewhere: taken.elsewhere.length, hedged: list.hedged, ...failures };
  return { notes: list.notes, ...taken, remembered, account };
}
