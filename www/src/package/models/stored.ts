/** The models in the browser's storage, for pages. */
import { PrecisError } from "../api/errors.js";

/** Folder of the origin private file system that holds the models. */
const FOLDER = "precis-models";

/** Description of a model that is not in the catalogue, stored beside its file. */
export interface Label {
  id: string;
  name: string | null;
  prompt: "chat" | "completion" | null;
}

/** A model in the browser's storage, or a part of one. */
export interface StoredModel {
  sha256: string;
  /** Size in storage. */
  bytes: number;
  /** False if it is a partial download. */
  complete: boolean;
  /** Null for models of the catalogue, which are found by their hash. */
  label: Label | null;
}

/** The folder of models; null if the browser has no such storage or refuses it (private windows, pages without a secure context). */
export async function openFolder(): Promise<FileSystemDirectoryHandle | null> {
  try {
    const root = await navigator.storage.getDirectory();
    return await root.getDirectoryHandle(FOLDER, { create: true });
  } catch {
    return null;
  }
}

/** Name of the lock that is held while this model is written. */
export function lockOf(key: string): string {
  return `${FOLDER}/${key}`;
}

/** The complete file of a stored model, found by the expected hash, or else by its id. */
export async function findStored(id: string, expected: { bytes: number; sha256: string } | null): Promise<File | null> {
  const folder = await openFolder();
  const sha256 = expected?.sha256 ?? (folder && (await labelled(folder, id)));
  if (!folder || !sha256) return null;
  const file = await folder.getFileHandle(`${sha256}.gguf`).then((handle) => handle.getFile(), () => null);
  return file && (!expected || file.size === expected.bytes) ? file : null;
}

/** Whether a tab of this site is storing this model now. */
export async function isBeingStored(expected: { sha256: string } | null): Promise<boolean> {
  const held = (await navigator.locks?.query().catch(() => null))?.held ?? [];
  return held.some(({ name }) => name === lockOf(expected?.sha256 ?? INCOMING));
}

/** Name of a part whose hash is known only at its end. There is only one, and another attempt starts again. */
export const INCOMING = "incoming.part";

/** The hash of the model stored with this id. */
export async function labelled(folder: FileSystemDirectoryHandle, id: string): Promise<string | null> {
  for await (const name of folder.keys()) {
    const [, sha256] = /^([0-9a-f]{64})\.json$/.exec(name) ?? [];
    if (sha256 !== undefined && (await readLabel(folder, sha256))?.id === id) return sha256;
  }
  return null;
}

/** All stored models and parts. */
export async function storedModels(): Promise<StoredModel[]> {
  const folder = await openFolder();
  if (!folder) return [];
  const models: StoredModel[] = [];
  for await (const [name, handle] of folder.entries()) {
    const [, sha256, part] = /^([0-9a-f]{64})\.gguf(\.part)?$/.exec(name) ?? [];
    if (sha256 === undefined || handle.kind !== "file") continue;
    // Another tab may have deleted or renamed it meanwhile.
    const file = await (handle as FileSystemFileHandle).getFile().catch(() => null);
    if (file) models.push({ sha256, bytes: file.size, complete: part === undefined, label: await readLabel(folder, sha256) });
  }
  return models;
}

/** Deletes a model or a part of it. */
export async function deleteModel(sha256: string): Promise<void> {
  const folder = await openFolder();
  for (const name of [`${sha256}.gguf`, `${sha256}.gguf.part`, `${sha256}.json`]) {
    await folder?.removeEntry(name).catch((cause: unknown) => {
      if (cause instanceof DOMException && cause.name === "NotFoundError") return;
      throw new PrecisError("storage-unavailable", "The model is in use: close other tabs of this page and try again.", { cause });
    });
  }
}

/** The label of a stored model; null if it has none. */
export async function readLabel(folder: FileSystemDirectoryHandle, sha256: string): Promise<Label | null> {
  try {
    const file = await (await folder.getFileHandle(`${sha256}.json`)).getFile();
    const { id, name, prompt } = JSON.parse(await file.text()) as Partial<Label>;
    return typeof id === "string" ? { id, name: name ?? null, prompt: prompt ?? null } : null;
  } catch {
    return null;
  }
}
