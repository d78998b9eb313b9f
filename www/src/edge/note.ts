import type { Judged, Note } from "./wasm/relaxed/precis.js";

/** The engine's limit for a note, in bytes. */
const LONGEST_NOTE = 4096;

/** Sentences of a window that a note may judge. */
const MOST_JUDGED = 4096;

/** Bytes of a note as JSON: the longest text with each byte escaped, what it says of sentences, and the other fields. */
export const LONGEST_REPLY = 6 * LONGEST_NOTE + 64 * MOST_JUDGED + 1024;

/** What a sentence may be worth, either way. */
const MOST_WORTH = 100;

/** Prompt tokens beside those of the window. */
const PROMPT_TOKENS = 4096;

/** Bytes of a text in UTF-8. */
export function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}

/**
 * A note that somebody else took, if it can be one: the engine's run fails on an invalid one, and its figures are added to those of
 * the report. Its window has at most so many bytes, and it took at most so long.
 */
export function noteOf(value: unknown, bytes: number, mostMs: number): Note | undefined {
  // A peer of an older version judges nothing.
  const { text, tokens, ms, judged = [] } = Object(value) as Record<string, unknown>;
  // Each token has at least one byte.
  const isCount = typeof tokens === "number" && Number.isInteger(tokens) && tokens >= 0 && tokens <= bytes + PROMPT_TOKENS;
  const isTime = ms === null || (typeof ms === "number" && ms >= 0 && ms <= mostMs);
  if (typeof text !== "string" || bytesOf(text) > LONGEST_NOTE || !isCount || !isTime || !isJudged(judged, bytes)) return undefined;
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
