import { firstOf, type Following } from "../api/abort.js";
import { Digest, type Hash } from "./digest.js";
import { cancelled, PrecisError, toPrecisError } from "../api/errors.js";
import { FIRST_TRY } from "./header.js";
import type { ModelRequest } from "../api/model.js";
import type { Part } from "./part.js";
import { firstAnswer, partAnswer, takesRanges } from "./source.js";
import { shared, type Span } from "./spans.js";

/** Called with the loaded bytes, and the total if known. */
export type Progress = (loaded: number, total: number | null) => void;

/** Whether `first` contains the whole header of a file of `size` bytes. Throws if the engine can't use the model. */
export type Check = (first: Uint8Array, size: number) => boolean;

/** Options of a download. */
export interface DownloadOptions {
  newHash: () => Hash;
  /** Checks the header before the rest is fetched. */
  check: Check;
  signal: AbortSignal;
  progress: Progress;
}

/** Parallel connections. Model hosts limit the speed of each. */
const CONNECTIONS = 4;

/** Minimum bytes for another connection; opening one for less would not save time. */
const LEAST_SHARE = 4 << 20;

/** Errors in a header that a damaged download does not cause. For files with a known hash, all other damage is found by the hash. */
const UNSUPPORTED = new Set(["model-unsupported-architecture", "model-unsupported-quant", "model-tokenizer"]);

/** Downloads the missing bytes of `part`, and returns the verified SHA-256. */
export async function download(model: ModelRequest, part: Part, options: DownloadOptions): Promise<string> {
  const transfer = new Transfer(model, part, options);
  try {
    return await transfer.run();
  } finally {
    transfer.end();
  }
}

class Transfer {
  readonly #model: ModelRequest;
  readonly #part: Part;
  readonly #options: DownloadOptions;
  readonly #digest: Digest;
  /** Stops all connections when one of them fails. */
  readonly #stop = new AbortController();
  readonly #following: Following;
  readonly #signal: AbortSignal;
  #total: number | null;
  /** Error of a further connection. */
  #failed: unknown = null;
  /** Number of bytes at which the header is checked next; null after it was read. */
  #enough: number | null = FIRST_TRY;

  constructor(model: ModelRequest, part: Part, options: DownloadOptions) {
    this.#model = model;
    this.#part = part;
    this.#options = options;
    this.#digest = new Digest(part, options.newHash());
    this.#following = firstOf(options.signal, this.#stop.signal);
    this.#signal = this.#following.signal;
    this.#total = model.expected?.bytes ?? null;
  }

  async run(): Promise<string> {
    this.#tryHeader();
    // If the host refused some connections, a second pass fetches the remaining bytes with a single one.
    for (let alone = false; this.#total === null || this.#part.missing(this.#total).length > 0; alone = true) {
      const { url, response } = await firstAnswer(this.#model.urls, this.#part.prefix, this.#signal);
      if (response.status !== 206) this.#restart();
      this.#total ??= contentLength(response);
      this.#tell();
      const whole = await this.#receive(response, alone ? null : url);
      if (!whole) break;
    }
    this.#tell();
    return this.#verified(await this.#digest.finish(this.#signal));
  }

  /** Stops all connections and frees the hash. */
  end(): void {
    this.#stop.abort();
    this.#following.release();
    this.#digest.free();
  }

  /**
   * Receives `response`. After the header was checked, shares the rest with further connections to `url`. False if the response
   * ends too early.
   */
  async #receive(response: Response, url: string | null): Promise<boolean> {
    const missing = this.#total === null ? [] : this.#part.missing(this.#total);
    const own: Span = { start: this.#part.prefix, end: missing[0]?.end ?? Infinity };
    const others: Promise<void>[] = [];
    let pending = takesRanges(response);
    const share = () => {
      if (url === null || !pending || this.#enough !== null || this.#total === null) return;
      pending = false;
      const [first, ...shares] = shared(this.#part.missing(this.#total), CONNECTIONS, LEAST_SHARE);
      if (!first || shares.length === 0 || !this.#part.spread(this.#total)) return;
      own.end = first.end;
      for (let i = 1; i < CONNECTIONS; i++) others.push(this.#fetchShares(url, shares));
    };
    share();
    try {
      const at = await this.#pump(response, own, share);
      await Promise.all(others);
      if (this.#failed) throw this.#failed;
      return at === own.end;
    } catch (error) {
      this.#stop.abort();
      await Promise.all(others);
      // The first failure aborts the other connections: report that one, not their aborts.
      throw this.#failed ?? error;
    }
  }

  /** Fetches shares until none is left, or the host refuses. Never rejects. */
  async #fetchShares(url: string, shares: Span[]): Promise<void> {
    try {
      for (let share = shares.shift(); share; share = shares.shift()) {
        const response = await partAnswer(url, share, this.#signal);
        if (!response) return;
        await this.#pump(response, share, () => undefined);
      }
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#failed = error;
      this.#stop.abort();
    }
  }

  /** Writes the bytes of `response` to `span`, whose end may change meanwhile, and returns the end of the written bytes. */
  async #pump(response: Response, span: Span, onChunk: () => void): Promise<number> {
    const reader = response.body!.getReader();
    let at = span.start;
    while (at < span.end) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        throw this.#options.signal.aborted ? cancelled() : this.#interrupted(error);
      });
      if (done) return at;
      if (this.#total !== null && at + value.length > this.#total) {
        await reader.cancel();
        throw this.#corrupt(`${at + value.length} bytes came`);
      }
      const bytes = value.subarray(0, span.end - at);
      this.#part.write(bytes, at);
      this.#digest.take(bytes, at);
      at += bytes.length;
      this.#tryHeader();
      onChunk();
      this.#tell();
    }
    if (span.end < (this.#total ?? 0)) await reader.cancel();
    // More bytes mean that this is another file.
    else if (!(await reader.read().catch(() => ({ done: true }))).done) {
      await reader.cancel();
      throw this.#corrupt(`more than ${at} bytes came`);
    }
    return at;
  }

  #tryHeader(): void {
    const { prefix } = this.#part;
    const total = this.#total;
    if (this.#enough === null || total === null || prefix === 0 || (prefix < this.#enough && prefix < total)) return;
    this.#enough = 2 * prefix;
    try {
      if (this.#options.check(this.#part.read({ start: 0, end: prefix }), total)) this.#enough = null;
    } catch (error) {
      this.#enough = null;
      if (this.#model.expected && !UNSUPPORTED.has(toPrecisError(error).code)) return;
      this.#part.restart();
      throw error;
    }
  }

  #restart(): void {
    this.#part.restart();
    this.#digest.restart();
  }

  #tell(): void {
    this.#options.progress(this.#part.size, this.#total);
  }

  #verified(sha256: string): string {
    const { expected } = this.#model;
    const { prefix } = this.#part;
    if (this.#total !== null && prefix !== this.#total) throw this.#corrupt(`${prefix} bytes came`);
    if (expected && sha256 !== expected.sha256) throw this.#corrupt(null);
    return sha256;
  }

  /** Discards all bytes and returns the error. `came` tells the number of bytes, if it is wrong. */
  #corrupt(came: string | null): PrecisError {
    this.#part.restart();
    const what = came === null ? "its checksum is wrong" : `${came} instead of ${this.#total}`;
    return new PrecisError("download-corrupt", `The downloaded model is damaged (${what}) and was deleted. Try again. If it happens again, the file at the source is wrong.`);
  }

  #interrupted(cause: unknown): PrecisError {
    const { kept } = this.#part;
    const there = this.#total === null ? `${megabytes(kept)} MB` : `${megabytes(kept)} of ${megabytes(this.#total)} MB`;
    const next = kept > 0 && this.#model.expected ? `${there} are kept: try again to continue from there` : "Try again";
    return new PrecisError("download-failed", `The connection broke while the model was loading. ${next}.`, { cause });
  }
}

function contentLength(response: Response): number | null {
  // With a content coding the header counts encoded bytes.
  const length = response.headers.get("content-encoding") ? null : response.headers.get("content-length");
  return length ? Number(length) : null;
}

/** Bytes as megabytes (10^6), like file managers and data plans. */
export function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 10e6 ? 1 : 0);
}
