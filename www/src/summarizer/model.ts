import { PrecisError } from "./errors.js";

/** Where a model's file can be had. Only the kind "url" means something to a browser. */
export interface ModelSource {
  kind: string;
  url?: string;
}

/** A model as `models.json` describes it. With `bytes` and `sha256` a download is verified, resumed and kept. */
export interface ModelEntry {
  id: string;
  /** File name: looked for at `models/<file>` beside the page before any other source. */
  file?: string;
  sources?: readonly ModelSource[];
  bytes?: number;
  /** Lower-case hex. */
  sha256?: string;
}

/** A model as the worker gets it: absolute addresses in the order to try. */
export interface ModelRequest {
  id: string;
  urls: readonly string[];
  /** Size and hash to hold the file to, or null where the caller gave only an address. */
  expected: { bytes: number; sha256: string } | null;
}

/** Resolves `model`, an entry or the address of a GGUF file, against the page's address `base`. */
export function modelRequest(model: ModelEntry | string, base: string): ModelRequest {
  if (typeof model === "string") {
    const url = absolute(model, base);
    return { id: url.slice(url.lastIndexOf("/") + 1) || url, urls: [url], expected: null };
  }
  if (typeof model !== "object" || model === null || typeof model.id !== "string") {
    throw new PrecisError("invalid-options", "Option model must be an entry of models.json or the address of a GGUF file.");
  }
  const urls = model.file === undefined ? [] : [absolute(`models/${encodeURIComponent(model.file)}`, base)];
  for (const source of model.sources ?? []) {
    if (source.kind === "url" && source.url !== undefined) urls.push(absolute(source.url, base));
  }
  if (urls.length === 0) {
    throw new PrecisError("invalid-options", `Model ${model.id} has no address: give it a file or a source of kind "url".`);
  }
  return { id: model.id, urls, expected: expectedOf(model) };
}

function expectedOf({ id, bytes, sha256 }: ModelEntry): ModelRequest["expected"] {
  if (bytes === undefined && sha256 === undefined) return null;
  const valid = Number.isSafeInteger(bytes) && bytes! > 0 && /^[0-9a-f]{64}$/.test(sha256 ?? "");
  if (!valid) {
    throw new PrecisError("invalid-options", `Model ${id} must give both bytes and sha256 (64 lower-case hex digits), or neither.`);
  }
  return { bytes: bytes!, sha256: sha256! };
}

function absolute(url: string, base: string): string {
  try {
    return new URL(url, base).href;
  } catch (cause) {
    throw new PrecisError("invalid-options", `"${url}" is not an address that a model can be read from.`, { cause });
  }
}
