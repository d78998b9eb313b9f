import { megabytes } from "../ui/format.js";
import { RememberedSet } from "../ui/local-storage.js";

/** Hashes of models that were kept here. One that is not there any more was deleted by the browser. */
export const keptBefore = new RememberedSet("precis-kept");

/** Asks the browser not to delete what this page keeps; true once it has promised. */
export async function persist(): Promise<boolean> {
  try {
    return (await navigator.storage.persisted()) || (await navigator.storage.persist());
  } catch {
    // Pages without a secure context have no such storage.
    return false;
  }
}

/** How much is kept, of how much, and for how long, in words. */
export async function storageInWords(kept: number): Promise<string> {
  const { quota } = (await navigator.storage?.estimate?.().catch(() => null)) ?? {};
  const allowed = quota === undefined ? "" : `this browser allows ${megabytes(quota)}`;
  if (kept === 0) return `No model is kept on this device${allowed && `; ${allowed}`}.`;
  const persisted = await navigator.storage?.persisted?.().catch(() => false);
  const promise = persisted
    ? "They are kept until you delete them."
    : "The browser may delete them, all at once, when space runs short; then they have to be fetched again.";
  return `Models take ${megabytes(kept)} on this device${allowed && `; ${allowed}`}. ${promise}`;
}
