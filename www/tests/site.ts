/** A real web server for what a routed answer can't show: broken connections, byte ranges, a site without any header of ours. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import sirv from "sirv";
import { repository, tinyModel } from "./paths.js";

const tiny = readFileSync(tinyModel);

/** Bytes that no tensor has, behind the tiny model: large enough to be shared among connections. */
const large = Buffer.concat([tiny, Buffer.alloc(20 << 20, "bytes that no tensor has ")]);

/** The tiny model as an entry of a catalogue. */
export const TINY = entry("tiny", tiny);

/** The same model in a file of 20 MB. */
export const LARGE = entry("large", large);

function entry(id: string, bytes: Buffer) {
  return { id, file: `${id}.gguf`, bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** The bytes of the file that are asked for: from `start` up to, and without, `end`. */
export interface Range {
  start: number;
  end: number;
}

/** What becomes of a request for the model. */
export type Behaviour = (response: ServerResponse, range: Range, site: Site) => void;

/** What was asked for. */
export const whole: Behaviour = (response, range, site) => send(response, site.bytes, range);

/** The file with one bit flipped in the middle. */
export const damaged: Behaviour = (response, range, site) => {
  const copy = Buffer.from(site.bytes);
  copy[copy.length >> 1]! ^= 1;
  send(response, copy, range);
};

/** All of the file, whatever part was asked for. */
export const withoutRanges: Behaviour = (response, _, { bytes }) => void response.writeHead(200, { "Content-Length": bytes.length }).end(bytes);

/** Half of what was asked for, and once the page has said that so much more arrived, the connection breaks. */
export const cut: Behaviour = (response, range, site) => {
  const end = (range.start + range.end) >> 1;
  head(response, site.bytes.length, range);
  response.write(site.bytes.subarray(range.start, end));
  // Those of other connections came as well.
  site.due += end - range.start;
  site.onprogress = (loaded) => {
    if (Math.round(loaded * site.bytes.length) >= site.due) response.destroy();
  };
};

/** Half of what was asked for, and then nothing. */
export const stall: Behaviour = (response, range, site) => {
  head(response, site.bytes.length, range);
  response.write(site.bytes.subarray(range.start, (range.start + range.end) >> 1));
};

/** An error page in the file's place, as hosts of single-page sites send it. */
export const page: Behaviour = (response) => {
  response.writeHead(200, { "Content-Type": "text/html" }).end("<!doctype html><title>Home</title>");
};

/** A file of these bytes. */
export const file =
  (content: Uint8Array): Behaviour =>
  (response) =>
    void response.writeHead(200, { "Content-Length": content.length }).end(content);

function head(response: ServerResponse, size: number, { start, end }: Range): void {
  const part = start > 0 || end < size;
  const range = part ? { "Content-Range": `bytes ${start}-${end - 1}/${size}` } : {};
  response.writeHead(part ? 206 : 200, { "Content-Length": end - start, "Accept-Ranges": "bytes", ...range });
}

function send(response: ServerResponse, content: Uint8Array, range: Range): void {
  head(response, content.length, range);
  response.end(content.subarray(range.start, range.end));
}

/** Serves an empty page, the package at /pkg/, the built page at /dist/, and a model as `behaviour` says. */
export class Site {
  behaviour: Behaviour = whole;
  /** The model's file. */
  bytes = tiny;
  /** Bytes that `cut` has sent so far. */
  due = 0;
  /** Called with the part, 0 to 1, that a page says it has of a download. */
  onprogress: (loaded: number) => void = () => undefined;
  /** Files that are not sent as they lie there, by their path. */
  readonly altered = new Map<string, { type: string; body: string | Uint8Array }>();
  /** Headers of every answer. */
  readonly headers = new Map<string, string>();
  /** What the service worker's script waits for. */
  gate: Promise<void> = Promise.resolve();
  /** The path of every request. */
  readonly paths: string[] = [];
  /** Where each request for the model began. */
  readonly asked: number[] = [];
  readonly #server: Server;
  readonly #static = [sirv(`${repository}/www/tests/package`), sirv(`${repository}/www`)];

  private constructor(readonly isolated: boolean) {
    this.#server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? "/", "http://localhost");
      this.paths.push(pathname);
      if (pathname.endsWith("/service-worker.js")) void this.gate.then(() => this.#answer(request, response));
      else this.#answer(request, response);
    });
  }

  static async open(isolated = false): Promise<Site> {
    const site = new Site(isolated);
    await new Promise<void>((listening) => site.#server.listen(0, "localhost", listening));
    return site;
  }

  get origin(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the site is closed");
    return `http://localhost:${address.port}`;
  }

  /** From now on the model is the one of 20 MB. */
  serveLarge(): void {
    this.bytes = large;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    if (this.isolated) {
      response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
      response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    }
    for (const [name, value] of this.headers) response.setHeader(name, value);
    const altered = this.altered.get(request.url ?? "");
    if (altered) {
      response.writeHead(200, { "Content-Type": altered.type }).end(altered.body);
      return;
    }
    if (/^(\/dist)?\/models\//.test(request.url ?? "")) {
      const [, start, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
      const range = { start: Number(start ?? 0), end: last ? Number(last) + 1 : this.bytes.length };
      this.asked.push(range.start);
      this.behaviour(response, range, this);
      return;
    }
    const loaded = /^\/progress\/(.*)$/.exec(request.url ?? "")?.[1];
    if (loaded !== undefined) {
      response.writeHead(204).end();
      this.onprogress(Number(loaded));
      return;
    }
    const [own, www] = this.#static;
    own!(request, response, () => www!(request, response, () => void response.writeHead(404).end()));
  }
}
