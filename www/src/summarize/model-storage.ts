import { megabytes } from "../ui/format.js";
import { RememberedSet } from "../ui/local-storage.js";
import { t } from "../ui/words/words.js";

/** Hashes of models stored here. If one is missing from the storage, the browser deleted it. */
export const keptBefore = new RememberedSet("precis-kept");

/** Asks the browser not to delete this site's storage. True if it agrees. */
export async function persist(): Promise<boolean> {
  try {
    return (await navigator.storage.persisted()) || (await navigator.storage.persist());
  } catch {
    // Pages without a secure context have no such storage.
    return false;
  }
}

/** Used and allowed storage, and how long models stay, in words. */
export async function storageInWords(kept: number): Promise<string> {
  const { quota } = (await navigator.storage?.estimate?.().catch(() => null)) ?? {};
  const allowed = quota === undefined ? null : megabytes(quota);
  if (kept === 0) return allowed === null ? t("No model is kept on this device.") : t("No model is kept on this device; this browser allows {allowed}.", { allowed });
  const persisted = await navigator.storage?.persisted?.().catch(() => false);
  const promise = persisted
    ? t("They are kept until you delete them.")
    : t("The browser may delete all of them when space runs short. Then they have to be downloaded again.");
  const size = megabytes(kept);
  const taken = allowed === null ? t("Models take {size} on this device.", { size }) : t("Models take {size} on this device; this browser allows {allowed}.", { size, allowed });
  return `${taken} ${promise}`;
}
