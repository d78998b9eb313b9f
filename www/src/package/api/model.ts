import { PrecisError } from "./errors.js";

/** Where a model's file can be had. Only the kind "url" means something to a browser. */
export interface ModelSource {
  kind: string;
  url?: string;
}

/** How a model is asked: in its chat template, or, where it was not trained for conversations, with a text to continue. */
export type PromptStyle = "chat" | "completion";

/** A model as `models.json` describes it. With `bytes` and `sha256` a download is verified, and resumed if it breaks off. */
export interface ModelEntry {
  id: string;
  /** What people call it. */
  name?: string;
  /** File name: looked for at `models/<file>` beside the page before any other source. */
  file?: string;
  sources?: readonly ModelSource[];
  bytes?: number;
  /** Lower-case hex. */
  sha256?: string;
  /** A PromptStyle, as text because that is what TypeScript makes of JSON. Absent: as the file has a chat template or not. */
  prompt?: string;
  /** Languages that it was trained for, as two-letter codes; absent where nobody says. */
  languages?: readonly string[];
  /** Name of the licence. */
  licence?: string;
  /** Where the licence stands. */
  terms?: string;
  /** Whether the licence has to be accepted before the file is fetched. */
  accept?: boolean;
}

/** A model as the worker gets it. */
export interface ModelRequest {
  id: string;
  name: string | null;
  /** A file that is read where it lies, in place of any address. */
  file: Blob | null;
  /** Absolute addresses in the order to try. */
  urls: readonly string[];
  /** Size and hash to hold the file to, or null where nobody knows them. */
  expected: { bytes: number; sha256: string } | null;
  /** Whether it stays in the browser's storage. */
  keep: boolean;
  prompt: PromptStyle | null;
  /** What has to be accepted before anything is fetched; null where nothing has, or it has been. */
  licence: string | null;
}

/** The options of `create` that say how a model is had. */
export interface ModelOptions {
  keep?: boolean | undefined;
  acceptLicence?: boolean | undefined;
}

/** Resolves `model`, an entry, a file, or the address of a GGUF file, against the page's address `base`. */
export function modelRequest(model: ModelEntry | Blob | string, base: string, { keep, acceptLicence }: ModelOptions = {}): ModelRequest {
  const plain = { name: null, file: null, urls: [], expected: null, keep: keep ?? false, prompt: null, licence: null };
  if (typeof model === "string") {
    const url = absolute(model, base);
    // Kept, it is found again by all of its address.
    return { ...plain, id: keep ? url : lastPart(url), name: lastPart(url), urls: [url] };
  }
  if (model instanceof Blob) {
    const name = model instanceof File ? model.name : "file";
    return { ...plain, id: name, name, file: model };
  }
  if (typeof model !== "object" || model === null || typeof model.id !== "string") {
    throw new PrecisError("invalid-options", "Option model must be an entry of models.json, a File, or the address of a GGUF file.");
  }
  const urls = model.file === undefined ? [] : [absolute(`models/${encodeURIComponent(model.file)}`, base)];
  for (const source of model.sources ?? []) {
    if (source.kind === "url" && source.url !== undefined) urls.push(absolute(source.url, base));
  }
  const expected = expectedOf(model);
  // One that was opened before may be there although it can't be fetched.
  if (urls.length === 0 && !expected) {
    throw new PrecisError("invalid-options", `Model ${model.id} has no address: give it a file or a source of kind "url".`);
  }
  const { id, name = null, prompt = null, licence = "" } = model;
  if (prompt !== null && prompt !== "chat" && prompt !== "completion") {
    throw new PrecisError("invalid-options", `Model ${id} has the prompt style "${String(prompt)}": it must be "chat" or "completion".`);
  }
  const terms = model.terms === undefined ? "" : ` (${model.terms})`;
  return { ...plain, id, name, urls, expected, keep: keep ?? true, prompt, licence: model.accept && !acceptLicence ? `${licence}${terms}` : null };
}

function lastPart(url: string): string {
  return url.slice(url.lastIndexOf("/") + 1) || url;
}

function expectedOf({ id, bytes, sha256 }: ModelEntry): ModelRequest["expected"] {
  // A size alone is for people: where the hash is unknown, it may be rounded.
  if (sha256 === undefined) return null;
  const valid = Number.isSafeInteger(bytes) && bytes! > 0 && /^[0-9a-f]{64}$/.test(sha256);
  if (!valid) {
    throw new PrecisError("invalid-options", `Model ${id} must give both bytes and sha256 (64 lower-case hex digits), or no sha256.`);
  }
  return { bytes: bytes!, sha256 };
}

function absolute(url: string, base: string): string {
  try {
    return new URL(url, base).href;
  } catch (cause) {
    throw new PrecisError("invalid-options", `"${url}" is not an address that a model can be read from.`, { cause });
  }
}
