import { download, type Hash, megabytes, type Progress } from "./download.js";
import { PrecisError } from "./errors.js";
import type { ModelRequest } from "./model.js";
import { MemoryPart, OpfsPart, SLICE_BYTES } from "./part.js";

/** Folder of the origin private file system that holds the models. */
const FOLDER = "precis-models";

/** A model's file and how it was had. */
export interface ObtainedModel {
  file: Blob;
  storage: "opfs" | "memory";
  /** False when it was there already. */
  downloaded: boolean;
  sha256: string;
}

/** The model's file, from the browser's storage or else from the net, verified. */
export async function obtainModel(
  model: ModelRequest,
  newHash: () => Hash,
  signal: AbortSignal,
  progress: Progress,
): Promise<ObtainedModel> {
  // Without a hash nothing tells this file from the next one under the same address, so it is not kept.
  const folder = model.expected && (await openFolder());
  if (!folder) return inMemory(model, newHash, signal, progress);
  const { sha256 } = model.expected!;
  // Two tabs that want the same model: the second waits, and then finds it there.
  return exclusively(`${FOLDER}/${sha256}`, signal, async () => {
    const kept = await find(folder, `${sha256}.gguf`, model.expected!.bytes);
    if (kept) {
      progress(kept.size, kept.size);
      return { file: kept, storage: "opfs" as const, downloaded: false, sha256 };
    }
    const file = await intoFolder(folder, model, newHash, signal, progress);
    return { file, storage: "opfs" as const, downloaded: true, sha256 };
  });
}

/** Null where the browser has no such storage, or refuses it (private windows, pages without a secure context). */
async function openFolder(): Promise<FileSystemDirectoryHandle | null> {
  if (!("createSyncAccessHandle" in (globalThis.FileSystemFileHandle?.prototype ?? {}))) return null;
  try {
    const root = await navigator.storage.getDirectory();
    return await root.getDirectoryHandle(FOLDER, { create: true });
  } catch {
    return null;
  }
}

async function inMemory(model: ModelRequest, newHash: () => Hash, signal: AbortSignal, progress: Progress): Promise<ObtainedModel> {
  const part = new MemoryPart();
  const sha256 = await download(model, part, newHash, signal, progress);
  return { file: part.intoBlob(), storage: "memory", downloaded: true, sha256 };
}

async function intoFolder(
  folder: FileSystemDirectoryHandle,
  model: ModelRequest,
  newHash: () => Hash,
  signal: AbortSignal,
  progress: Progress,
): Promise<File> {
  const { bytes, sha256 } = model.expected!;
  const name = `${sha256}.gguf.part`;
  const handle = await folder.getFileHandle(name, { create: true });
  const part = new OpfsPart(await openPart(handle));
  try {
    await download(model, part, newHash, signal, progress);
  } catch (error) {
    const full = error instanceof DOMException && error.name === "QuotaExceededError";
    // A part that can't grow is of no use, and its room is wanted.
    if (full) part.restart();
    part.close();
    if (part.size === 0) await folder.removeEntry(name);
    throw full ? storageFull(bytes, error) : error;
  }
  part.close();
  return rename(folder, handle, `${sha256}.gguf`);
}

async function openPart(handle: FileSystemFileHandle): Promise<FileSystemSyncAccessHandle> {
  try {
    return await handle.createSyncAccessHandle();
  } catch (cause) {
    throw new PrecisError("storage-unavailable", "The browser's storage for the model is in use: close other tabs of this page and try again.", { cause });
  }
}

function storageFull(bytes: number, cause: unknown): PrecisError {
  return new PrecisError(
    "storage-full",
    `There is no room for the model: it needs ${megabytes(bytes)} MB of this browser's storage. Free some space on the device, or clear the data of sites you don't need, and try again.`,
    { cause },
  );
}

async function find(folder: FileSystemDirectoryHandle, name: string, bytes: number): Promise<File | null> {
  try {
    const file = await (await folder.getFileHandle(name)).getFile();
    if (file.size === bytes) return file;
    await folder.removeEntry(name);
  } catch (error) {
    if (!(error instanceof DOMException && error.name === "NotFoundError")) throw error;
  }
  return null;
}

/** Gives the whole file its final name; where files can't be moved it is copied, and `find` tells a copy cut short by its size. */
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

