import type { LoadEvent } from "./protocol.js";
import { Rate } from "./rate.js";

/** Fired while a model loads: `loaded` runs from 0 to 1, as in the web's own `downloadprogress`. */
export class LoadProgressEvent extends Event {
  // Not a ProgressEvent: some browsers cut its `loaded` down to a whole number.
  readonly lengthComputable = true;
  readonly total = 1;

  constructor(
    type: "downloadprogress" | "prepareprogress",
    /** The part that is done, 0 to 1. */
    readonly loaded: number,
    /** Bytes that are done. */
    readonly bytes = 0,
    /** Bytes of the whole; null while they are unknown. */
    readonly totalBytes: number | null = null,
    /** Of the last seconds; null until it can be said. */
    readonly bytesPerSecond: number | null = null,
    /** A forecast by that speed; null until it can be said. */
    readonly secondsLeft: number | null = null,
  ) {
    super(type);
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

  /** Passes on a step of loading. A file of unknown size stays at 0 until it is there. */
  report({ stage, loaded, total }: LoadEvent): void {
    const rate = this.#rates[stage];
    rate.note(loaded, performance.now());
    const done = total ? Math.min(1, loaded / total) : 0;
    const event = new LoadProgressEvent(`${stage}progress`, done, loaded, total, rate.bytesPerSecond, rate.secondsLeft(total));
    if (stage === "download") this.ondownloadprogress?.(event);
    this.dispatchEvent(event);
  }
}
