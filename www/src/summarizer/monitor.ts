import type { LoadEvent } from "./protocol.js";

/** Fired while a model loads: `loaded` runs from 0 to 1, as in the web's own `downloadprogress`. */
export class LoadProgressEvent extends Event {
  // Not a ProgressEvent: some browsers cut its `loaded` down to a whole number.
  readonly lengthComputable = true;
  readonly total = 1;

  constructor(
    type: "downloadprogress" | "prepareprogress",
    /** The part that is done, 0 to 1. */
    readonly loaded: number,
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

  /** Passes on a step of loading. A file of unknown size stays at 0 until it is there. */
  report({ stage, loaded, total }: LoadEvent): void {
    const event = new LoadProgressEvent(`${stage}progress`, total ? Math.min(1, loaded / total) : 0);
    if (stage === "download") this.ondownloadprogress?.(event);
    this.dispatchEvent(event);
  }
}
