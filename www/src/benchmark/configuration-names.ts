import { storedText, storeText } from "../ui/local-storage.js";
import { t, tn } from "../ui/words/words.js";

/** Key of the device's name in local storage. */
const KEY = "precis-device";

/** The name of this device: `typed`, which is stored for the next time, else the stored name, else one from the browser's data. */
export function deviceName(typed?: string): string {
  const name = plainName(typed ?? storedText(KEY) ?? "");
  if (typed !== undefined) storeText(KEY, name);
  return name || suggested();
}

/** Converts a name to the form that cards require: one line without control characters. */
export function plainName(name: string): string {
  return name.replace(/\p{Cc}+/gu, " ").trim().slice(0, 60);
}

function suggested(): string {
  const { userAgentData, platform } = navigator as Navigator & { userAgentData?: { platform?: string } };
  const cores = navigator.hardwareConcurrency;
  return [userAgentData?.platform || platform || t("This device"), ...(cores ? [tn(cores, "{count} processor", "{count} processors")] : [])].join(", ");
}
