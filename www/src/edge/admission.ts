import { Failure, UNREAD } from "./errors.js";

/** The place of a request, from its arrival until it calls `leave`. */
export interface Place {
  /** Says how many bytes the request holds now. Throws `busy` if all together have too many. */
  readonly hold: (bytes: number) => void;
  /** Admits the request, whose body has arrived. Throws `busy` if too many are admitted. */
  readonly admit: () => void;
  readonly leave: () => void;
}

interface Entry {
  since: number;
  bytes: number;
  admitted: boolean;
}

/** The requests of one kind that this isolate has taken in. Bounds how many are admitted, and the bytes of their bodies. */
export class Admission {
  readonly #entries = new Set<Entry>();
  /** Moving average of the milliseconds that a request takes, without waiting for others. */
  #pace = 0;

  /**
   * @param what The name of these requests, in the plural.
   * @param patienceMs A runtime may drop a request without any signal, for example when its client disconnects. After this time,
   *   which is longer than any live request takes, its place is free.
   */
  constructor(
    private readonly what: string,
    private readonly most: number,
    private readonly mostBytes: number,
    private readonly patienceMs: number,
  ) {}

  get admitted(): number {
    return [...this.#entries].filter(({ admitted }) => admitted).length;
  }

  /** Bytes of all bodies, also of those that still arrive. */
  get bytes(): number {
    return [...this.#entries].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Takes in a request, whose body has yet to arrive. Throws `busy` if it could not be admitted now: reading it would take memory for nothing. */
  enter(): Place {
    const now = Date.now();
    for (const entry of this.#entries) if (now - entry.since > this.patienceMs) this.#entries.delete(entry);
    if (this.admitted >= this.most) throw this.#busy();
    const entry: Entry = { since: now, bytes: 0, admitted: false };
    this.#entries.add(entry);
    let place = 0;
    return {
      hold: (bytes) => {
        const others = this.bytes - entry.bytes;
        const fits = others + bytes <= this.mostBytes;
        // A refused request holds nothing, from now on: not only when its reader has noticed.
        entry.bytes = fits ? bytes : 0;
        if (!fits) throw this.#busy();
      },
      admit: () => {
        if (this.admitted >= this.most) throw this.#busy();
        entry.since = Date.now();
        entry.admitted = true;
        place = this.admitted;
      },
      leave: () => {
        if (!this.#entries.delete(entry) || !entry.admitted) return;
        const pace = (Date.now() - entry.since) / place;
        this.#pace = this.#pace === 0 ? pace : 0.7 * this.#pace + 0.3 * pace;
      },
    };
  }

  #busy(): Failure {
    const seconds = Math.max(1, Math.ceil(this.#pace / 1000));
    return new Failure("busy", `Too many ${this.what} are being read. Try again in ${seconds} s.`, { headers: { "Retry-After": String(seconds), ...UNREAD } });
  }
}
