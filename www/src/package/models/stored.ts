/** What lies in the browser's storage, as a page asks for it. */
import { PrecisError } from "../api/errors.js";

/** Folder of the origin private file system that holds the models. */
const FOLDER = "precis-models";

/** A model whose hash no catalogue may know says beside its file what it is. */
export interface Label {
  id: string;
  name: string | null;
  prompt: "chat" | "completion" | null;
}

/** A model in the browser's storage, or a part of one. */
export interface StoredModel {
  sha256: string;
  /** What it takes. */
  bytes: number;
  /** Whether all of it is there. */
  complete: boolean;
  /** Null for models of a catalogue, which are known by their hash. */
  label: Label | null;
}

/** Null where the browser has no such storage, or refuses it (private windows, pages without a secure context). */
export async function openFolder(): Promise<FileSystemDirectoryHandle | null> {
  try {
    const root = await navigator.storage.getDirectory();
    return await root.getDirectoryHandle(FOLDER, { create: true });
  } catch {
    return null;
  }
}

/** Name of the lock that whoever writes or deletes this model holds. */
export function lockOf(key: string): string {
  return `${FOLDER}/${key}`;
}

/** The file of a model that is kept whole: by the hash that is expected, or else by the id that it was kept under. */
export async function findStored(id: string, expected: { bytes: number; sha256: string } | null): Promise<File | null> {
  const folder = await openFolder();
  const sha256 = expected?.sha256 ?? (folder && (await labelled(folder, id)));
  if (!folder || !sha256) return null;
  const file = await folder.getFileHandle(`${sha256}.gguf`).then((handle) => handle.getFile(), () => null);
  return file && (!expected || file.size === expected.bytes) ? file : null;
}

/** Whether a tab of this site is about to keep this model. */
export async function isBeingStored(expected: { sha256: string } | null): Promise<boolean> {
  const held = (await navigator.locks?.query().catch(() => null))?.held ?? [];
  return held.some(({ name }) => name === lockOf(expected?.sha256 ?? INCOMING));
}

/** Name of a part whose hash is not known until it is there. There is one at a time, and another attempt begins again. */
export const INCOMING = "incoming.part";

/** The hash of the model that was kept under this id. */
export async function labelled(folder: FileSystemDirectoryHandle, id: string): Promise<string | null> {
  for await (const name of folder.keys()) {
    const [, sha256] = /^([0-9a-f]{64})\.json$/.exec(name) ?? [];
    if (sha256 !== undefined && (await readLabel(folder, sha256))?.id === id) return sha256;
  }
  return null;
}

/** All models and parts that are kept on this device. */
export async function storedModels(): Promise<StoredModel[]> {
  const folder = await openFolder();
  if (!folder) return [];
  const models: StoredModel[] = [];
  for await (const [name, handle] of folder.entries()) {
    const [, sha256, part] = /^([0-9a-f]{64})\.gguf(\.part)?$/.exec(name) ?? [];
    if (sha256 === undefined || handle.kind !== "file") continue;
    // Gone meanwhile: another tab deleted it, or gave a part its final name.
    const file = await (handle as FileSystemFileHandle).getFile().catch(() => null);
    if (file) models.push({ sha256, bytes: file.size, complete: part === undefined, label: await readLabel(folder, sha256) });
  }
  return models;
}

/** Removes a model, or a part of one, from this device. */
export async function deleteModel(sha256: string): Promise<void> {
  const folder = await openFolder();
  for (const name of [`${sha256}.gguf`, `${sha256}.gguf.part`, `${sha256}.json`]) {
    await folder?.removeEntry(name).catch((cause: unknown) => {
      if (cause instanceof DOMException && cause.name === "NotFoundError") return;
      throw new PrecisError("storage-unavailable", "The model is in use: close other tabs of this page and try again.", { cause });
    });
  }
}

/** What the model says of itself; null where nothing lies beside it. */
export async function readLabel(folder: FileSystemDirectoryHandle, sha256: string): Promise<Label | null> {
  try {
    const file = await (await folder.getFileHandle(`${sha256}.json`)).getFile();
    const { id, name, prompt } = JSON.parse(await file.text()) as Partial<Label>;
    return typeof id === "string" ? { id, name: name ?? null, prompt: prompt ?? null } : null;
  } catch {
    return null;
  }
}
