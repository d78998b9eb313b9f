/** The note cache in the browser's storage: one file per model, one line per note, the newest last. */
import type { CachedNote } from "../wasm/simd/precis.js";

/** Folder of the origin private file system. */
const FOLDER = "precis-notes";

/** Maximum size of a file. At this size its older half is deleted. */
const MOST_BYTES = 2_000_000;

/** The stored notes of one model. No method rejects: without stored notes a later run only takes longer. */
export class KeptNotes {
  readonly #name: string;
  #waiting = "";
  #written: Promise<void> = Promise.resolve();

  /** `sha256` is the hash of the model. */
  constructor(sha256: string) {
    this.#name = `${sha256}.jsonl`;
  }

  /** All stored notes, the oldest first. */
  async all(): Promise<CachedNote[]> {
    try {
      const folder = await openFolder();
      const file = await (await folder.getFileHandle(this.#name)).getFile();
      return (await file.text()).split("\n").flatMap(parsed);
    } catch {
      return [];
    }
  }

  /** Adds a note. It is written after those before it. */
  add(note: CachedNote): void {
    if (this.#waiting === "") this.#written = this.#written.then(() => this.#write()).catch(() => undefined);
    this.#waiting += `${JSON.stringify(note)}\n`;
  }

  async #write(): Promise<void> {
    const folder = await openFolder();
    // Another tab may write to the same file.
    await navigator.locks.request(`${FOLDER}/${this.#name}`, async () => {
      const handle = await folder.getFileHandle(this.#name, { create: true });
      const access = await handle.createSyncAccessHandle();
      try {
        const lines = new TextEncoder().encode(this.#waiting);
        this.#waiting = "";
        if (access.getSize() + lines.length > MOST_BYTES) dropOlderHalf(access);
        access.write(lines, { at: access.getSize() });
        access.flush();
      } finally {
        access.close();
      }
    });
  }
}

/** Deletes the stored notes of all models. */
export async function forgetNotes(): Promise<void> {
  const root = await navigator.storage.getDirectory().catch(() => null);
  await root?.removeEntry(FOLDER, { recursive: true }).catch(() => undefined);
}

async function openFolder(): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  return root.getDirectoryHandle(FOLDER, { create: true });
}

function dropOlderHalf(access: FileSystemSyncAccessHandle): void {
  const bytes = new Uint8Array(access.getSize());
  access.read(bytes, { at: 0 });
  const lineEnd = bytes.indexOf(10, bytes.length / 2);
  const newer = lineEnd < 0 ? new Uint8Array() : bytes.subarray(lineEnd + 1);
  access.truncate(0);
  access.write(newer, { at: 0 });
}

/** The note in a line; empty if the line is incomplete because the tab was closed. */
function parsed(line: string): CachedNote[] {
  try {
    const { key, note } = JSON.parse(line) as Partial<CachedNote>;
    return typeof key === "string" && typeof note?.text === "string" ? [{ key, note }] : [];
  } catch {
    return [];
  }
}
