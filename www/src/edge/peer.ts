import { unlessAborted } from "./abort.js";
import type { Part } from "./body.js";
import { bytesOf, LONGEST_REPLY, noteOf } from "./note.js";
import { Pace } from "./pace.js";
import { readAll } from "./read.js";
import type { Fetch, Limits } from "./types.js";
import type { Note } from "./wasm/relaxed/precis.js";

/** A peer may take so many times its usual time for a note. */
const PATIENCE = 4;

/** Seconds that a peer has at least: its isolate may have been replaced, and then it loads the model first. */
const LEAST_SECONDS = 10;

/** The peer at this address: another deployment of this handler. */
export function peerAt(origin: string): Fetch {
  return async (request) => {
    const { method, headers, signal } = request;
    return fetch(new URL(new URL(request.url).pathname, origin), { method, headers, signal, body: await request.text() });
  };
}

/** A peer, and what is known of its speed. */
export class Peer {
  readonly pace = new Pace();

  constructor(
    private readonly fetch: Fetch,
    private readonly token: string | undefined,
  ) {}

  /** Seconds within which it has to take a note on so many characters. */
  secondsFor(characters: number, { noteSeconds }: Limits): number {
    const usual = this.pace.of(characters);
    return usual === undefined ? noteSeconds : Math.min(noteSeconds, Math.max(LEAST_SECONDS, (PATIENCE * usual) / 1000));
  }

  /** Asks for a note on a window. Nothing of the reply is awaited, or read, after `signal` has aborted. */
  async note(part: Part, signal: AbortSignal): Promise<Note> {
    const headers = { "Content-Type": "application/json", ...(this.token !== undefined && { Authorization: `Bearer ${this.token}` }) };
    const began = Date.now();
    const request = new Request("https://peer.invalid/note", { method: "POST", headers, body: JSON.stringify(part), signal });
    const asked = (async () => this.fetch(request))();
    // Who answers after the end gets nobody to read it.
    void asked.then((late) => (signal.aborted ? late.body?.cancel() : undefined)).catch(() => {});
    const response = await unlessAborted(asked, signal);
    if (!response.ok) {
      void response.body?.cancel().catch(() => {});
      throw new Error(`status ${response.status}`);
    }
    const bytes = await readAll(response.body, signal, (size) => {
      if (size > LONGEST_REPLY) throw new Error(`the reply has more than ${LONGEST_REPLY} bytes`);
    });
    // The clocks of two machines may differ by some milliseconds.
    const note = noteOf(JSON.parse(new TextDecoder().decode(bytes)), bytesOf(part.text), Date.now() - began + 1000);
    if (!note) throw new Error("invalid note");
    this.pace.took(part.text.length, Date.now() - began);
    return note;
  }
}
