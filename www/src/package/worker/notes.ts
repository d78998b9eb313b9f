/** Notes on what was read, kept in the browser's storage: one file a model, a line a note, the newest last. */
import type { CachedNote } from "../wasm/simd/precis.js";

/** Folder of the origin private file system. */
const FOLDER = "precis-notes";

/** What a file may take; when it is reached, its older half goes. */
const MOST_BYTES = 2_000_000;

/** The notes of one model. Storage that fails costs time another day and nothing else, so no method rejects. */
export class KeptNotes {
  readonly #name: string;
  #waiting = "";
  #written: Promise<void> = Promise.resolve();

  /** Of the model with this hash. */
  constructor(sha256: string) {
    this.#name = `${sha256}.jsonl`;
  }

  /** All that are kept, the oldest first. */
  async all(): Promise<CachedNote[]> {
    try {
      const folder = await openFolder();
      const file = await (await folder.getFileHandle(this.#name)).getFile();
      return (await file.text()).split("\n").flatMap(parsed);
    } catch {
      return [];
    }
  }

  /** Adds one. It is written as soon as those before it are. */
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

/** Removes the notes of all models. */
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

/** A line's note; nothing where the tab was closed in the middle of it. */
function parsed(line: string): CachedNote[] {
  try {
    const { key, note } = JSON.parse(line) as Partial<CachedNote>;
    return typeof key === "string" && typeof note?.text === "string" ? [{ key, note }] : [];
  } catch {
    return [];
  }
}
