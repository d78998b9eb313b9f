import type { Report } from "../package/api/index.js";
import { remember, remembered } from "../ui/local-storage.js";

/** Key in local storage. It holds figures only, nothing of a document. */
const KEY = "precis-speeds";
/** Tokens of a document whose time is that of its reading. */
const LONG = 1000;
/** Runs that are remembered. */
const MOST = 24;

/** How long a document took. */
interface Timed {
  /** Model and backend. */
  setup: string;
  tokens: number;
  ms: number;
}

function known(): Timed[] {
  const kept = remembered(KEY);
  return Array.isArray(kept) ? kept.filter((one) => typeof one?.setup === "string" && one.tokens > 0 && one.ms > 0) : [];
}

/** Remembers how long a run with this model and backend took on this device, if it read its whole document. */
export function rememberSpeed(setup: string, { document, prefill, decode, plan }: Report): void {
  // Windows share the beginning of their prompts, which is always reused.
  const reused = (plan.remembered ?? 0) > 0 || prefill.reused_tokens > prefill.tokens / 2;
  if (prefill.ms === null || reused || prefill.tokens < document.tokens) return;
  const timed = { setup, tokens: document.tokens, ms: prefill.ms + (decode.ms ?? 0) };
  remember(KEY, [...known(), timed].slice(-MOST));
}

/**
 * How many milliseconds a document of so many tokens will take with this model and backend, by earlier runs on this device; null if there are
 * none. The run that is nearest in length counts: attention and the time to write make long and short ones differ per token.
 */
export function expectedMs(setup: string, tokens: number): number | null {
  return nearest(known().filter((run) => run.setup === setup), tokens);
}

/** The same for a model on the processor, with any number of threads. Short documents are left out: their time is that of the request. */
export function msOfModel(sha256: string, tokens: number): number | null {
  const onProcessor = ({ setup }: Timed) => setup.startsWith(`${sha256} `) && !setup.includes(" webgpu ");
  return nearest(known().filter((run) => onProcessor(run) && run.tokens >= LONG), tokens);
}

function nearest(runs: readonly Timed[], tokens: number): number | null {
  const distance = (timed: Timed) => Math.abs(Math.log(timed.tokens / tokens));
  const [run] = runs.toSorted((one, other) => distance(one) - distance(other));
  return run && tokens > 0 ? (run.ms * tokens) / run.tokens : null;
}
