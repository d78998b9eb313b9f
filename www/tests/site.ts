/** A real web server for what a routed answer can't show: broken connections, byte ranges, a site without any header of ours. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import sirv from "sirv";
import { repository, tinyModel } from "./paths.js";

const bytes = readFileSync(tinyModel);

/** The tiny model as an entry of a catalogue. */
export const TINY = {
  id: "tiny",
  file: "tiny.gguf",
  bytes: bytes.length,
  sha256: createHash("sha256").update(bytes).digest("hex"),
};

/** What becomes of a request for the model; `from` is where its byte range begins. */
export type Behaviour = (response: ServerResponse, from: number, site: Site) => void;

/** The file, or the rest of it. */
export const whole: Behaviour = (response, from) => send(response, bytes, from);

/** The file with one bit flipped in the middle. */
export const damaged: Behaviour = (response, from) => {
  const copy = Buffer.from(bytes);
  copy[copy.length >> 1]! ^= 1;
  send(response, copy, from);
};

/** All of the file, whatever part was asked for. */
export const withoutRanges: Behaviour = (response) => send(response, bytes, 0);

/** Half of what is left, and once the page has said that it arrived, the connection breaks. */
export const cut: Behaviour = (response, from, site) => {
  const end = (from + bytes.length) >> 1;
  head(response, bytes.length, from);
  response.write(bytes.subarray(from, end));
  site.onprogress = (loaded) => {
    if (Math.round(loaded * bytes.length) >= end) response.destroy();
  };
};

/** Half of what is left, and then nothing. */
export const stall: Behaviour = (response, from) => {
  head(response, bytes.length, from);
  response.write(bytes.subarray(from, (from + bytes.length) >> 1));
};

/** An error page in the file's place, as hosts of single-page sites send it. */
export const page: Behaviour = (response) => {
  response.writeHead(200, { "Content-Type": "text/html" }).end("<!doctype html><title>Home</title>");
};

/** A file of these bytes. */
export const file =
  (content: Uint8Array): Behaviour =>
  (response) =>
    send(response, content, 0);

function head(response: ServerResponse, size: number, from: number): void {
  const range = from > 0 ? { "Content-Range": `bytes ${from}-${size - 1}/${size}` } : {};
  response.writeHead(from > 0 ? 206 : 200, { "Content-Length": size - from, ...range });
}

function send(response: ServerResponse, content: Uint8Array, from: number): void {
  head(response, content.length, from);
  response.end(content.subarray(from));
}

/** Serves an empty page, the package at /pkg/, the built page at /dist/, and the tiny model as `behaviour` says. */
export class Site {
  behaviour: Behaviour = whole;
  /** Called with the part, 0 to 1, that a page says it has of a download. */
  onprogress: (loaded: number) => void = () => undefined;
  /** Files that are not sent as they lie there, by their path. */
  readonly altered = new Map<string, { type: string; body: string | Uint8Array }>();
  /** Where each request for the model began. */
  readonly asked: number[] = [];
  readonly #server: Server;
  readonly #static = [sirv(`${repository}/www/tests/package`), sirv(`${repository}/www`)];

  private constructor(readonly isolated: boolean) {
    this.#server = createServer((request, response) => this.#answer(request, response));
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

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    if (this.isolated) {
      response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
      response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    }
    const altered = this.altered.get(request.url ?? "");
    if (altered) {
      response.writeHead(200, { "Content-Type": altered.type }).end(altered.body);
      return;
    }
    if (request.url?.startsWith("/models/")) {
      const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
      this.asked.push(from);
      this.behaviour(response, from, this);
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
