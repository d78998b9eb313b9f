import { Failure } from "./errors.js";
import type { Pace } from "./pace.js";

/** Share of the time limit after which a run's own forecast is believed. */
const EVIDENCE = 0.1;

/** A forecast may be wrong: a run that has begun is stopped only if it needs this many times the time that is left. */
const DOUBT = 1.25;

/** Share of the largest size that callers are told, because the next document may be a little slower. */
const SAFE = 0.9;

/** So many texts must have been timed before a document is refused unread: one may have been slow by chance. */
const LEAST_SAMPLES = 3;

/**
 * Whether a document can be read within the time limit, by the speeds seen. Waiting for other documents is no part of this. The
 * answers are the error to refuse the document with, or undefined.
 */
export class Forecast {
  readonly #limitMs: number;
  readonly #deadline: number;

  /** @param peers Those that are not known yet count as fast as this isolate. */
  constructor(
    private readonly characters: number,
    seconds: number,
    private readonly here: Pace,
    private readonly peers: readonly Pace[],
  ) {
    this.#limitMs = seconds * 1000;
    this.#deadline = Date.now() + this.#limitMs;
  }

  /** Whether this isolate alone may need too long: a plan shows how much there is to read. */
  get isDoubtful(): boolean {
    return (this.here.of(this.characters) ?? 0) > this.#limitMs;
  }

  /** Of a plan with these windows, before it is begun. */
  before(windows: readonly string[]): Failure | undefined {
    if (this.here.samples < LEAST_SAMPLES) return undefined;
    // A single window is a text of which one prompt is read at most, such as a table or the passages for a question.
    return windows.length < 2 ? undefined : this.#judge(this.#timeOf(windows), lengthOf(windows));
  }

  /** Of a plan with these windows, so many of which have been read. */
  during(windows: readonly string[], done: number): Failure | undefined {
    return this.#isHopeless(this.#timeOf(windows.slice(done))) ? this.#judge(this.#timeOf(windows), lengthOf(windows)) : undefined;
  }

  /** Of a run of the engine, which says how much time it still needs. */
  of(elapsedMs: number, leftMs: number): Failure | undefined {
    return elapsedMs >= EVIDENCE * this.#limitMs && this.#isHopeless(leftMs) ? this.#judge(elapsedMs + leftMs, this.characters) : undefined;
  }

  #isHopeless(neededMs: number): boolean {
    return neededMs > DOUBT * (this.#deadline - Date.now());
  }

  #timeOf(windows: readonly string[]): number {
    const own = this.here.of(1);
    if (!own) return 0;
    const charactersPerMs = [this.here, ...this.peers].reduce((sum, pace) => sum + 1 / (pace.of(1) || own), 0);
    return lengthOf(windows) / charactersPerMs;
  }

  /** Whether so many characters, which take so long, are too many. */
  #judge(ms: number, characters: number): Failure | undefined {
    if (ms <= this.#limitMs) return undefined;
    const most = Math.floor((SAFE * characters * this.#limitMs) / ms);
    const message = `The document would take about ${Math.ceil(ms / 1000)} s here, and the limit is ${this.#limitMs / 1000} s. Send at most ${most} characters, a chapter for example.`;
    return new Failure("document-too-large", message);
  }
}

function lengthOf(windows: readonly string[]): number {
  return windows.reduce((sum, { length }) => sum + length, 0);
}
