import { Digest, type Hash } from "./digest.js";
import { type Check, download, megabytes, type Progress } from "./download.js";
import { cancelled, PrecisError } from "../api/errors.js";
import type { ModelRequest } from "../api/model.js";
import { MemoryPart, OpfsPart, SLICE_BYTES } from "./part.js";
import { INCOMING, type Label, labelled, lockOf, openFolder } from "./stored.js";

/** A model file, and where it came from. */
export interface ObtainedModel {
  file: Blob;
  storage: "opfs" | "memory" | "file";
  /** Why it could not be kept: the code of an error. */
  notKept?: "storage-full" | "storage-unavailable";
  /** False if it was already on the device. */
  downloaded: boolean;
  sha256: string;
}

/** Options for obtaining a model. */
export interface StoreOptions {
  newHash: () => Hash;
  check: Check;
  signal: AbortSignal;
  progress: Progress;
}

/** Models up to this size are held in memory, beside the engine's own copy, where the storage can't take them. */
const HELD_MOST = 300e6;

/** Gets the verified model file from the browser's storage, from disk, or else by download. */
export async function obtainModel(model: ModelRequest, options: StoreOptions): Promise<ObtainedModel> {
  // Writing needs a sync access handle, which only workers have, and some browsers lack.
  const writable = "createSyncAccessHandle" in (globalThis.FileSystemFileHandle?.prototype ?? {});
  const folder = model.keep && writable ? await openFolder() : null;
  if (!folder) return withoutStorage(model, options);
  try {
    return await fromFolder(folder, model, options);
  } catch (error) {
    const notKept = reasonToHold(error, model);
    if (notKept === null) throw isRefusal(error) ? new PrecisError("storage-unavailable", "The browser's storage refused the model. Try again, or use a normal window.", { cause: error }) : error;
    return { ...(await withoutStorage(model, options)), notKept };
  }
}

/** Why a model is held in memory after this error of the storage; null if the error stands. */
function reasonToHold(error: unknown, { file, expected }: ModelRequest): "storage-full" | "storage-unavailable" | null {
  const isHeld = file !== null || (expected !== null && expected.bytes <= HELD_MOST);
  if (!isHeld) return null;
  if (error instanceof PrecisError) return error.code === "storage-full" ? error.code : null;
  return isRefusal(error) ? "storage-unavailable" : null;
}

/** Some browsers refuse their storage only when it is used, in private windows for example. */
function isRefusal(error: unknown): boolean {
  return error instanceof DOMException && error.name !== "AbortError";
}

function withoutStorage(model: ModelRequest, options: StoreOptions): Promise<ObtainedModel> {
  return model.file ? onDisk(model.file, options) : inMemory(model, options);
}

function fromFolder(folder: FileSystemDirectoryHandle, model: ModelRequest, options: StoreOptions): Promise<ObtainedModel> {
  const { expected } = model;
  // If two tabs load the same model, the second waits and then finds it stored.
  return exclusively(lockOf(expected?.sha256 ?? INCOMING), options.signal, async () => {
    const sha256 = expected?.sha256 ?? (model.file ? null : await labelled(folder, model.id));
    const kept = sha256 && (await find(folder, `${sha256}.gguf`, expected?.bytes ?? null));
    if (kept) {
      options.progress(kept.size, kept.size);
      return { file: kept, storage: "opfs" as const, downloaded: false, sha256 };
    }
    return { ...(await intoFolder(folder, model, options)), storage: "opfs" as const, downloaded: true };
  });
}

async function inMemory(model: ModelRequest, options: StoreOptions): Promise<ObtainedModel> {
  mayBeFetched(model);
  const part = new MemoryPart();
  const sha256 = await download(model, part, options);
  return { file: part.intoBlob(), storage: "memory", downloaded: true, sha256 };
}

/** Hashes a file from disk, without copying it. */
async function onDisk(file: Blob, { newHash, signal, progress }: StoreOptions): Promise<ObtainedModel> {
  const hash = newHash();
  try {
    for (let at = 0; at < file.size; at += SLICE_BYTES) {
      if (signal.aborted) throw cancelled();
      hash.update(new Uint8Array(await read(file, at)));
      progress(Math.min(file.size, at + SLICE_BYTES), file.size);
    }
    return { file, storage: "file", downloaded: false, sha256: hash.finish() };
  } finally {
    hash.free();
  }
}

function read(file: Blob, at: number): Promise<ArrayBuffer> {
  return file
    .slice(at, at + SLICE_BYTES)
    .arrayBuffer()
    .catch((cause: unknown) => {
      throw unreadable("file", cause);
    });
}

/** The error of a model file that was there, and now can't be read. */
export function unreadable(storage: ObtainedModel["storage"], cause: unknown): PrecisError {
  if (storage === "file") return new PrecisError("host-failed", "The model file could not be read, because it was changed or moved. Open it again.", { cause });
  return new PrecisError("storage-unavailable", "The model file could not be read: the browser may have deleted it to free space. Try again.", { cause });
}

function mayBeFetched({ id, urls, licence }: ModelRequest): void {
  if (licence !== null) {
    throw new PrecisError("licence-required", `The licence ${licence} of the model ${id} must be accepted before the download: show it, and set acceptLicence: true.`);
  }
  if (urls.length === 0) throw new PrecisError("download-failed", `The model ${id} is no longer on this device and has no address: open its file again.`);
}

async function intoFolder(folder: FileSystemDirectoryHandle, model: ModelRequest, options: StoreOptions): Promise<{ file: File; sha256: string }> {
  if (!model.file) mayBeFetched(model);
  const total = model.file?.size ?? model.expected?.bytes ?? null;
  const name = model.expected ? `${model.expected.sha256}.gguf.part` : INCOMING;
  const handle = await folder.getFileHandle(name, { create: true });
  const part = new OpfsPart(await openPart(handle), model.expected?.bytes ?? null);
  let sha256: string;
  try {
    // It may contain the rest of another file.
    if (!model.expected) part.restart();
    if (total !== null) await makeSure(total - part.stored);
    sha256 = model.file ? await copied(model.file, part, options) : await download(model, part, options);
  } catch (error) {
    const full = error instanceof DOMException && error.name === "QuotaExceededError";
    const { size } = part;
    // Delete a part that can't grow, to free its space, and a part without a known hash, which can't be continued.
    try {
      if (full || !model.expected) part.restart();
    } finally {
      part.close();
    }
    if (part.size === 0) await folder.removeEntry(name);
    throw full ? storageFull(total, `which was full after ${megabytes(size)} MB`, error) : error;
  }
  part.close();
  const { id, name: title, prompt } = model;
  if (!model.expected) await writeLabel(folder, sha256, { id, name: title, prompt });
  return { file: await rename(folder, handle, `${sha256}.gguf`), sha256 };
}

/** Copies a file from disk and returns its hash. */
async function copied(file: Blob, part: OpfsPart, { newHash, check, signal, progress }: StoreOptions): Promise<string> {
  const digest = new Digest(part, newHash());
  try {
    for (let first = SLICE_BYTES; !check(new Uint8Array(await file.slice(0, first).arrayBuffer()), file.size); first *= 2);
    for (let at = 0; at < file.size; at += SLICE_BYTES) {
      if (signal.aborted) throw cancelled();
      const bytes = new Uint8Array(await read(file, at));
      part.write(bytes, at);
      digest.take(bytes, at);
      progress(part.size, file.size);
    }
    return await digest.finish(signal);
  } finally {
    digest.free();
  }
}

async function openPart(handle: FileSystemFileHandle): Promise<FileSystemSyncAccessHandle> {
  try {
    return await handle.createSyncAccessHandle();
  } catch (cause) {
    if (!(cause instanceof DOMException && cause.name === "NoModificationAllowedError")) throw cause;
    throw new PrecisError("storage-unavailable", "The browser's storage for the model is in use: close other tabs of this page and try again.", { cause });
  }
}

/** Throws if the browser reports less than `bytes` of free storage. The report may be too high; then writing fails. */
async function makeSure(bytes: number): Promise<void> {
  const { quota, usage } = (await navigator.storage.estimate?.().catch(() => null)) ?? {};
  if (quota === undefined || usage === undefined || bytes <= quota - usage) return;
  throw storageFull(bytes, `of which ${megabytes(Math.max(0, quota - usage))} MB are left for this site`, undefined);
}

function storageFull(needed: number | null, has: string, cause: unknown): PrecisError {
  const needs = needed === null ? "its file needs more" : `it needs ${megabytes(needed)} MB`;
  const next = "Delete another model, free some space on the device, or clear the data of other sites, and try again.";
  return new PrecisError("storage-full", `There is not enough space for the model: ${needs} of this browser's storage, ${has}. ${next}`, { cause });
}

async function writeLabel(folder: FileSystemDirectoryHandle, sha256: string, label: Label): Promise<void> {
  const handle = await (await folder.getFileHandle(`${sha256}.json`, { create: true })).createSyncAccessHandle();
  try {
    handle.truncate(0);
    handle.write(new TextEncoder().encode(JSON.stringify(label)));
    handle.flush();
  } finally {
    handle.close();
  }
}

async function find(folder: FileSystemDirectoryHandle, name: string, bytes: number | null): Promise<File | null> {
  try {
    const file = await (await folder.getFileHandle(name)).getFile();
    if (bytes === null || file.size === bytes) return file;
    await folder.removeEntry(name);
  } catch (error) {
    if (!(error instanceof DOMException && error.name === "NotFoundError")) throw error;
  }
  return null;
}

/** Gives the complete file its final name. Browsers that can't move files copy it; `find` recognizes an incomplete copy by its size. */
async function rename(folder: FileSystemDirectoryHandle, from: FileSystemFileHandle, name: string): Promise<File> {
  if ("move" in from) {
    await (from as FileSystemFileHandle & { move(name: string): Promise<void> }).move(name);
    return from.getFile();
  }
  const source = await (from as FileSystemFileHandle).getFile();
  const target = await folder.getFileHandle(name, { create: true });
  const handle = await target.createSyncAccessHandle();
  try {
    for (let at = 0; at < source.size; at += SLICE_BYTES) {
      handle.write(await source.slice(at, at + SLICE_BYTES).arrayBuffer(), { at });
    }
    handle.flush();
  } finally {
    handle.close();
  }
  await folder.removeEntry((from as FileSystemFileHandle).name);
  return target.getFile();
}

async function exclusively<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  if (!navigator.locks) return work();
  return navigator.locks.request(name, { signal }, work);
}
