import { counted } from "../ui/format.js";

/** Where the device's name is kept. */
const KEY = "precis-device";

/** What the person called this device, kept for the next time; without `typed` what was kept, or what the browser says. */
export function deviceName(typed?: string): string {
  const name = typed === undefined ? kept() : plainName(typed);
  if (typed !== undefined) keep(name);
  return name || suggested();
}

/** As cards have names: one line without control characters. */
export function plainName(name: string): string {
  return name.replace(/\p{Cc}+/gu, " ").trim().slice(0, 60);
}

function suggested(): string {
  const { userAgentData, platform } = navigator as Navigator & { userAgentData?: { platform?: string } };
  const cores = navigator.hardwareConcurrency;
  return [userAgentData?.platform || platform || "This device", ...(cores ? [counted(cores, "processor")] : [])].join(", ");
}

// Browsers may refuse storage altogether (private windows, blocked cookies): then the name is suggested anew.
function kept(): string {
  try {
    return plainName(localStorage.getItem(KEY) ?? "");
  } catch {
    return "";
  }
}

function keep(name: string): void {
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // As above.
  }
}
