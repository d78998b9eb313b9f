import type { LoadEvent } from "./protocol.js";
import { Rate } from "../models/rate.js";

/** Number of steps of `loaded`. The specification requires it, to hide the exact size of the file. */
const STEPS = 65_536;

// Node may import this module, and has no ProgressEvent.
const ProgressEventBase: typeof ProgressEvent = globalThis.ProgressEvent ?? (globalThis.Event as unknown as typeof ProgressEvent);

/** Fired while a model loads: `loaded` runs from 0 to 1, as in the web's own `downloadprogress`. */
export class LoadProgressEvent extends ProgressEventBase {
  // Overridden, because some browsers round ProgressEvent.loaded down to a whole number.
  override readonly loaded: number;
  override readonly lengthComputable = true;
  override readonly total = 1;

  constructor(
    type: "downloadprogress" | "prepareprogress",
    /** The part that is loaded, 0 to 1. */
    loaded: number,
    /** Bytes loaded. */
    readonly bytes = 0,
    /** Total bytes; null while unknown. */
    readonly totalBytes: number | null = null,
    /** Speed of the last seconds; null while unknown. */
    readonly bytesPerSecond: number | null = null,
    /** Forecast by that speed; null while unknown. */
    readonly secondsLeft: number | null = null,
  ) {
    super(type, { lengthComputable: true, total: 1 });
    this.loaded = loaded;
  }
}

/** Typed listeners, beside those of every EventTarget. */
export interface CreateMonitor {
  addEventListener(
    type: "downloadprogress" | "prepareprogress",
    listener: (event: LoadProgressEvent) => void,
    options?: AddEventListenerOptions | boolean,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: AddEventListenerOptions | boolean): void;
}

/** The argument of `monitor`. Fires "downloadprogress" like the web's own API, then "prepareprogress" while weights are packed. */
export class CreateMonitor extends EventTarget {
  ondownloadprogress: ((event: LoadProgressEvent) => void) | null = null;
  readonly #rates = { download: new Rate(), prepare: new Rate() };
  /** Last reported value of `loaded`. */
  readonly #last = { download: -1, prepare: -1 };

  /** Reports a step of loading. A file of unknown size stays at 0 until it is complete. */
  report({ stage, loaded, total }: LoadEvent): void {
    const rate = this.#rates[stage];
    rate.note(loaded, performance.now());
    const done = total ? Math.floor(Math.min(1, loaded / total) * STEPS) / STEPS : 0;
    this.#tell(stage, 0);
    this.#tell(stage, done, loaded, total, rate.bytesPerSecond, rate.secondsLeft(total));
  }

  /** Reports the end of the download, which is 1 in any case. */
  finish(): void {
    this.#tell("download", 0);
    this.#tell("download", 1);
  }

  /** Fires an event, if `done` is larger than the last value. */
  #tell(stage: LoadEvent["stage"], done: number, ...figures: [number?, (number | null)?, (number | null)?, (number | null)?]): void {
    if (done <= this.#last[stage]) return;
    this.#last[stage] = done;
    const event = new LoadProgressEvent(`${stage}progress`, done, ...figures);
    if (stage === "download") this.ondownloadprogress?.(event);
    this.dispatchEvent(event);
  }
}
