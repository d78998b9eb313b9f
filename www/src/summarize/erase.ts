/** Deletes all that this site keeps in this browser: work, choices, cards, notes and models. */
export async function eraseEverything(): Promise<void> {
  const each = async <T>(list: Promise<readonly T[]> | undefined, remove: (one: T) => Promise<unknown>) => {
    for (const one of (await list?.catch(() => [])) ?? []) await remove(one).catch(() => undefined);
  };
  for (const storage of [() => localStorage, () => sessionStorage]) {
    try {
      storage().clear();
    } catch {
      // A browser that refuses storage has none to clear.
    }
  }
  await each(indexedDB.databases?.(), async ({ name }) => name !== undefined && indexedDB.deleteDatabase(name));
  const folder = await navigator.storage?.getDirectory?.().catch(() => null);
  if (folder) for await (const name of folder.keys()) await folder.removeEntry(name, { recursive: true }).catch(() => undefined);
  await each(globalThis.caches?.keys(), (name) => caches.delete(name));
  await each(navigator.serviceWorker?.getRegistrations(), (registration) => registration.unregister());
}
