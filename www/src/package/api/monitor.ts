import type { LoadEvent } from "./protocol.js";
import { Rate } from "../models/rate.js";

/** Steps of `loaded`, by the specification, which keeps it from telling a file's exact size. */
const STEPS = 65_536;

// Programs without pages may import this.
const ProgressEventBase: typeof ProgressEvent = globalThis.ProgressEvent ?? (globalThis.Event as unknown as typeof ProgressEvent);

/** Fired while a model loads: `loaded` runs from 0 to 1, as in the web's own `downloadprogress`. */
export class LoadProgressEvent extends ProgressEventBase {
  // Its own field: some browsers cut that of a ProgressEvent down to a whole number.
  override readonly loaded: number;
  override readonly lengthComputable = true;
  override readonly total = 1;

  constructor(
    type: "downloadprogress" | "prepareprogress",
    /** The part that is done, 0 to 1. */
    loaded: number,
    /** Bytes that are done. */
    readonly bytes = 0,
    /** Bytes of the whole; null while they are unknown. */
    readonly totalBytes: number | null = null,
    /** Of the last seconds; null until it can be said. */
    readonly bytesPerSecond: number | null = null,
    /** A forecast by that speed; null until it can be said. */
    readonly secondsLeft: number | null = null,
  ) {
    super(type, { lengthComputable: true, total: 1 });
    this.loaded = loaded;
  }
}

/** The typed listeners, and those of any EventTarget. */
export interface CreateMonitor {
  addEventListener(
    type: "downloadprogress" | "prepareprogress",
    listener: (event: LoadProgressEvent) => void,
    options?: AddEventListenerOptions | boolean,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: AddEventListenerOptions | boolean): void;
}

/** What `monitor` receives: "downloadprogress" as on the web, then "prepareprogress" while the weights are packed. */
export class CreateMonitor extends EventTarget {
  ondownloadprogress: ((event: LoadProgressEvent) => void) | null = null;
  readonly #rates = { download: new Rate(), prepare: new Rate() };
  /** The last value of `loaded` for each. */
  readonly #last = { download: -1, prepare: -1 };

  /** Passes on a step of loading. A file of unknown size stays at 0 until it is there. */
  report({ stage, loaded, total }: LoadEvent): void {
    const rate = this.#rates[stage];
    rate.note(loaded, performance.now());
    const done = total ? Math.floor(Math.min(1, loaded / total) * STEPS) / STEPS : 0;
    this.#tell(stage, 0);
    this.#tell(stage, done, loaded, total, rate.bytesPerSecond, rate.secondsLeft(total));
  }

  /** All is loaded: whatever was told, it ends with 1. */
  finish(): void {
    this.#tell("download", 0);
    this.#tell("download", 1);
  }

  /** Tells each value once, the first of them 0, and none that is smaller than the last. */
  #tell(stage: LoadEvent["stage"], done: number, ...figures: [number?, (number | null)?, (number | null)?, (number | null)?]): void {
    if (done <= this.#last[stage]) return;
    this.#last[stage] = done;
    const event = new LoadProgressEvent(`${stage}progress`, done, ...figures);
    if (stage === "download") this.ondownloadprogress?.(event);
    this.dispatchEvent(event);
  }
}
