/**
 * Serves the pages without a connection, and adds the headers that isolate them on hosts that can't send these.
 *
 * HTML pages come from the network first, so that the next visit gets a new version. Other files have their hash in their name and
 * come from the cache. A new build of this worker waits until all pages of the old build are closed, because they may still request
 * old files. Models are not stored here, but in the origin private file system.
 */
import { ISOLATION } from "./isolation.js";

declare const self: ServiceWorkerGlobalScope;

// Inserted by the build (vite/offline.ts).
/** The files of this build that every visit needs, relative to the site's folder. */
declare const PRECIS_FILES: readonly string[];
/** The others, which are stored when they are used first: libraries for formats of documents, translations of the pages. */
declare const PRECIS_LATER: readonly string[];
/** A hash of them. */
declare const PRECIS_BUILD: string;
/** The Content-Security-Policy of the pages. */
declare const PRECIS_POLICY: string;

/** Contains the scope, because sites in several folders of one host share their caches. */
const PREFIX = `precis-page ${self.registration.scope} `;
const CACHE = PREFIX + PRECIS_BUILD;
const addresses = (files: readonly string[]) => new Set(files.map((file) => new URL(file, self.registration.scope).href));
const FILES = addresses(PRECIS_FILES);
const LATER = addresses(PRECIS_LATER);

self.addEventListener("install", (event) => event.waitUntil(fill()));
self.addEventListener("activate", (event) => event.waitUntil(takeOver()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = addressOf(request);
  if (request.method !== "GET" || !url.startsWith(self.registration.scope)) return;
  if (request.mode === "navigate") event.respondWith(fromNetwork(request, url));
  else if (FILES.has(url)) event.respondWith(fromCache(request, url));
  else if (LATER.has(url)) event.respondWith(keptLater(request, url));
  // A worker script of a newer build. In an isolated page it needs the headers, too.
  else if (request.destination === "worker") event.respondWith(fetch(request).then(isolated));
});

async function fill(): Promise<void> {
  const cache = await caches.open(CACHE);
  // Bypass the HTTP cache, which may contain pages of another build.
  await cache.addAll([...FILES].map((file) => new Request(file, { cache: "no-cache" })));
}

async function takeOver(): Promise<void> {
  const older = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  for (const name of older) await keepUsed(name);
  await Promise.all(older.map((name) => caches.delete(name)));
  // Control the page that registered this worker, too.
  await self.clients.claim();
}

/** Copies what this build shares with an older one, so that formats that were used stay usable without a connection. */
async function keepUsed(name: string): Promise<void> {
  const [from, to] = await Promise.all([caches.open(name), caches.open(CACHE)]);
  for (const request of await from.keys()) {
    const response = LATER.has(request.url) ? await from.match(request) : undefined;
    if (response) await to.put(request, response);
  }
}

async function fromNetwork(request: Request, url: string): Promise<Response> {
  try {
    // Bypass the HTTP cache, which guesses how long a page is fresh if the host does not say it.
    return isolated(await fetch(request, { cache: "no-cache" }));
  } catch (error) {
    const cache = await caches.open(CACHE);
    // Hosts serve index.html for a folder, and some leave out ".html".
    const kept = (await cache.match(url.endsWith("/") ? `${url}index.html` : url)) ?? (await cache.match(`${url}.html`));
    if (!kept) throw error;
    return isolated(kept);
  }
}

async function fromCache(request: Request, url: string): Promise<Response> {
  const cache = await caches.open(CACHE);
  return isolated((await cache.match(url)) ?? (await fetch(request)));
}

/** A file that is stored when it is used first. */
async function keptLater(request: Request, url: string): Promise<Response> {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(url);
  if (kept) return isolated(kept);
  const response = await fetch(request);
  // Without room in the storage it is fetched again next time.
  if (response.ok) cache.put(url, response.clone()).catch(() => undefined);
  return isolated(response);
}

/** `response` with the headers that isolate the page. Keeps its other headers. Where the host sends no policy, it gets ours: a worker does not inherit the one in the page's `<meta>`. */
function isolated(response: Response): Response {
  // The browser follows a redirect itself; its response can't be changed.
  if (response.type === "opaqueredirect" || response.type === "error") return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries({ ...ISOLATION, "Cross-Origin-Resource-Policy": "same-origin" })) headers.set(name, value);
  if (!headers.has("Content-Security-Policy")) headers.set("Content-Security-Policy", PRECIS_POLICY);
  const { body, status, statusText } = response;
  return new Response(body, { status, statusText, headers });
}

/** The URL without query and fragment, which only the page uses. */
function addressOf(request: Request): string {
  const url = new URL(request.url);
  url.search = url.hash = "";
  return url.href;
}
