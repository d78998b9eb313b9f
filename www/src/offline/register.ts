/** Set in this tab once it has been reloaded for the sake of isolation: that is tried once. */
const RELOADED = "precis-reloaded";

/**
 * Makes this page work without a connection from the next visit on. A host that sends no COOP and COEP gets them from the
 * service worker, which takes a reload, because the page began without; `undisturbed` says whether nothing would be lost by it.
 */
export function workOffline(undisturbed: () => boolean): void {
  // In development every file is another one with each change.
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (!crossOriginIsolated && undisturbed() && firstTime()) location.reload();
  });
  // The page works without: private windows and pages without a secure context have no service worker.
  navigator.serviceWorker.register(new URL("service-worker.js", document.baseURI)).catch(() => undefined);
}

function firstTime(): boolean {
  try {
    if (sessionStorage.getItem(RELOADED) !== null) return false;
    sessionStorage.setItem(RELOADED, "");
    return true;
  } catch {
    // A tab that can't remember it would reload for ever.
    return false;
  }
}
