import { PrecisError } from "./errors.js";

/** A source of a model file. Browsers use only the kind "url". */
export interface ModelSource {
  kind: string;
  url?: string;
}

/** Prompt of a model: its chat template, or for base models a text to continue. */
export type PromptStyle = "chat" | "completion";

/** A model entry of `models.json`. With `bytes` and `sha256`, downloads are verified, and continue after an interruption. */
export interface ModelEntry {
  id: string;
  /** Name for people. */
  name?: string;
  /** File name. `models/<file>` beside the page is tried before other sources. */
  file?: string;
  sources?: readonly ModelSource[];
  bytes?: number;
  /** Lower-case hex. */
  sha256?: string;
  /** A PromptStyle; a string, because that is the type of JSON imports. Default: "chat" if the file has a chat template. */
  prompt?: string;
  /** Languages that it was trained for, as two-letter codes; undefined if unknown. */
  languages?: readonly string[];
  /** Name of the licence. */
  licence?: string;
  /** URL of the licence. */
  terms?: string;
  /** Whether the licence must be accepted before the file is fetched. */
  accept?: boolean;
}

/** A model as sent to the worker. */
export interface ModelRequest {
  id: string;
  name: string | null;
  /** A file from disk, which is used instead of URLs. */
  file: Blob | null;
  /** Absolute URLs, in the order of attempts. */
  urls: readonly string[];
  /** Size and hash that the file must have; null if unknown. */
  expected: { bytes: number; sha256: string } | null;
  /** Whether the file is stored in the browser. */
  keep: boolean;
  prompt: PromptStyle | null;
  /** Name and URL of the licence that must be accepted before fetching; null if none, or if accepted. */
  licence: string | null;
}

/** The options of `create` for obtaining a model. */
export interface ModelOptions {
  keep?: boolean | undefined;
  acceptLicence?: boolean | undefined;
}

/** Converts an entry, a file, or the address of a GGUF file to a request. `base` is the page's URL, for relative addresses. */
export function modelRequest(model: ModelEntry | Blob | string, base: string, { keep, acceptLicence }: ModelOptions = {}): ModelRequest {
  const plain = { name: null, file: null, urls: [], expected: null, keep: keep ?? false, prompt: null, licence: null };
  if (typeof model === "string") {
    const url = absolute(model, base);
    // A stored model is found again by its full URL.
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
  // A model without an address may be stored from an earlier opened file.
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
  // Without a hash the size is only shown to people, and may be rounded.
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
