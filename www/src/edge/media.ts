import { Failure } from "./errors.js";
import { readAll } from "./read.js";

/** A body's media type, and the name of its encoding if it has one. */
export interface Media {
  readonly type: string;
  readonly charset: string | undefined;
}

/** Bytes that are unpacked at once: some runtimes unpack all that they are given before anybody can stop them, up to 1,032-fold. */
const SLICE = 1024;

/** Bytes at the beginning of a page in which its encoding may be named. */
const HEAD = 1024;

/** The media type of a request's body, which must be one of `types`. A content coding must be gzip. */
export function mediaType({ headers }: Request, types: readonly string[]): Media {
  const [type = "", ...parameters] = (headers.get("content-type") ?? "").split(";").map((part) => part.trim());
  const charset = parameters.map((parameter) => /^charset="?([^"]*)"?$/i.exec(parameter)?.[1]).find((name) => name !== undefined);
  const media = { type: type.toLowerCase(), charset };
  const coding = headers.get("content-encoding")?.trim().toLowerCase();
  if (!types.includes(media.type)) throw unsupported(`Send ${types.slice(0, -1).join(", ")}${types.length > 1 ? " or " : ""}${types.at(-1)}.`);
  if (coding !== undefined && coding !== "gzip") throw unsupported("Send the body without a content coding, or with gzip.", { "Accept-Encoding": "gzip" });
  // JSON is always UTF-8 (RFC 8259, 8.1).
  if (charset !== undefined && (media.type === "application/json" ? !/^utf-?8$/i.test(charset) : !isKnown(charset))) throw unsupported(`The charset ${JSON.stringify(charset.slice(0, 40))} is not known here: send UTF-8.`);
  return media;
}

/** The bytes of a gzip file. `grow` gets their number as they are unpacked, and throws if it is too large. */
export async function unpacked(bytes: Uint8Array, signal: AbortSignal, grow: (size: number) => void): Promise<Uint8Array> {
  let at = 0;
  const slices = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      pull(controller) {
        if (at >= bytes.length) return controller.close();
        controller.enqueue(bytes.slice(at, (at += SLICE)));
      },
    },
    { highWaterMark: 0 },
  );
  try {
    return await readAll(slices.pipeThrough(new DecompressionStream("gzip")), signal, grow);
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw new Failure("document-not-text", "The body is not in gzip, as its Content-Encoding says.", { cause });
  }
}

/** A text. A byte order mark comes before `charset`, and that before what a page says of itself; else it is UTF-8. */
export function textOf(bytes: Uint8Array, { type, charset }: Media): string {
  return decoded(bytes, marked(bytes) ?? charset ?? (type === "text/html" ? named(bytes) : undefined) ?? "utf-8", "document-not-text");
}

export function decoded(bytes: Uint8Array, charset: string, code: "document-not-text" | "malformed-json"): string {
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Failure(code, `This is not text in ${charset}: name its charset in Content-Type, or send it in UTF-8.`, { cause });
  }
}

/** The encoding that a byte order mark shows. */
function marked([first, second, third]: Uint8Array): string | undefined {
  if (first === 0xfe && second === 0xff) return "utf-16be";
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xef && second === 0xbb && third === 0xbf ? "utf-8" : undefined;
}

/** The encoding that a page names in its head, if it is known. */
function named(bytes: Uint8Array): string | undefined {
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, HEAD));
  const charset = /<meta\s[^>]*?charset\s*=\s*["']?\s*([\w:.-]+)/i.exec(head)?.[1];
  // A page that can say this in ASCII is not in UTF-16, which has other names, too, such as "unicode".
  return charset !== undefined && isKnown(charset) && !new TextDecoder(charset).encoding.startsWith("utf-16") ? charset : undefined;
}

function isKnown(charset: string): boolean {
  try {
    new TextDecoder(charset);
    return true;
  } catch {
    return false;
  }
}

function unsupported(message: string, headers: Record<string, string> = {}): Failure {
  return new Failure("unsupported-media-type", message, { headers });
}
