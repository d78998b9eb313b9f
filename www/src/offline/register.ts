/** Set after this tab was reloaded to become isolated, which is tried only once. */
const RELOADED = "precis-reloaded";

/**
 * Makes this page work without a connection from the next visit on. If the host does not send COOP and COEP, the service worker
 * adds them, which needs one reload of the page. `undisturbed` says whether a reload would lose nothing.
 */
export function workOffline(undisturbed: () => boolean): void {
  // In development every change makes other files.
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (!crossOriginIsolated && undisturbed() && firstTime()) location.reload();
  });
  // Private windows and pages without a secure context have no service worker. The page works without it.
  navigator.serviceWorker.register(new URL("service-worker.js", document.baseURI)).catch(() => undefined);
}

function firstTime(): boolean {
  try {
    if (sessionStorage.getItem(RELOADED) !== null) return false;
    sessionStorage.setItem(RELOADED, "");
    return true;
  } catch {
    // A tab that can't remember its reload would reload for ever.
    return false;
  }
}
