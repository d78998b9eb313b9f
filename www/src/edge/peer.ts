import { unlessAborted } from "./abort.js";
import type { Part } from "./body.js";
import { Pace } from "./pace.js";
import { readAll } from "./read.js";
import type { Fetch, Limits } from "./types.js";
import type { Judged, Note } from "./wasm/relaxed/precis.js";

/** The engine's limit for a note, in bytes. */
const LONGEST_NOTE = 4096;

/** Sentences of a window that a note may judge. */
const MOST_JUDGED = 4096;

/** Bytes of a reply: the longest note with each byte escaped, what it says of sentences, and the other fields. */
const LONGEST_REPLY = 6 * LONGEST_NOTE + 64 * MOST_JUDGED + 1024;

/** What a sentence may be worth, either way. */
const MOST_WORTH = 100;

/** Prompt tokens beside those of the window. */
const PROMPT_TOKENS = 4096;

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
    const note = noteOf(JSON.parse(new TextDecoder().decode(bytes)), part.text, Date.now() - began);
    this.pace.took(part.text.length, Date.now() - began);
    return note;
  }
}

/** Validates a peer's note: the engine's run fails on an invalid one, and its figures are added to those of the report. */
function noteOf(value: unknown, window: string, elapsedMs: number): Note {
  // A peer of an older version judges nothing.
  const { text, tokens, ms, judged = [] } = Object(value) as Record<string, unknown>;
  const bytes = (text: string) => new TextEncoder().encode(text).length;
  // Each token has at least one byte.
  const isCount = typeof tokens === "number" && Number.isInteger(tokens) && tokens >= 0 && tokens <= bytes(window) + PROMPT_TOKENS;
  // Not longer than it took; the clocks of two machines may differ by some milliseconds.
  const isTime = ms === null || (typeof ms === "number" && ms >= 0 && ms <= elapsedMs + 1000);
  if (typeof text !== "string" || bytes(text) > LONGEST_NOTE || !isCount || !isTime || !isJudged(judged, bytes(window))) throw new Error("invalid note");
  return { text, tokens, ms, judged: judged.map(({ at, worth }) => ({ at, worth })) };
}

/** The engine names the sentences of a window in order, each by its first byte. */
function isJudged(value: unknown, bytes: number): value is Judged[] {
  let least = 0;
  const isOne = (one: unknown) => {
    const { at, worth } = Object(one) as Record<string, unknown>;
    const isNext = typeof at === "number" && Number.isInteger(at) && at >= least && at < bytes;
    if (isNext) least = at + 1;
    return isNext && typeof worth === "number" && Math.abs(worth) <= MOST_WORTH;
  };
  return Array.isArray(value) && value.length <= MOST_JUDGED && value.every(isOne);
}
