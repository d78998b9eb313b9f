/**
 * The pages without a connection, and isolated on hosts that can't send the headers for that.
 *
 * The pages themselves come from the network first, so that a new version reaches people with the next visit; what they are
 * made of has its hash in its name, and comes from the cache. A new build of this worker waits until no page of the old one is
 * open any more, because those may still ask for files of the old build. Models are none of its business: they have a store of
 * their own.
 */
import { ISOLATION } from "./isolation.js";

declare const self: ServiceWorkerGlobalScope;

// Written in by the build (vite/offline.ts).
/** All files of this build, relative to the site's folder. */
declare const PRECIS_FILES: readonly string[];
/** A hash of them. */
declare const PRECIS_BUILD: string;

/** Sites in several folders of one host share its caches. */
const PREFIX = `precis-page ${self.registration.scope} `;
const CACHE = PREFIX + PRECIS_BUILD;
const FILES = new Set(PRECIS_FILES.map((file) => new URL(file, self.registration.scope).href));

self.addEventListener("install", (event) => event.waitUntil(fill()));
self.addEventListener("activate", (event) => event.waitUntil(takeOver()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = addressOf(request);
  if (request.method !== "GET" || !url.startsWith(self.registration.scope)) return;
  if (request.mode === "navigate") event.respondWith(fromNetwork(request, url));
  else if (FILES.has(url)) event.respondWith(fromCache(request, url));
  // The worker of a build newer than this one: in an isolated page its script needs the headers, too.
  else if (request.destination === "worker") event.respondWith(fetch(request).then(isolated));
});

async function fill(): Promise<void> {
  const cache = await caches.open(CACHE);
  // Past the HTTP cache, which may hold the pages of another build.
  await cache.addAll([...FILES].map((file) => new Request(file, { cache: "no-cache" })));
}

async function takeOver(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== CACHE).map((name) => caches.delete(name)));
  // The page that brought this worker is its first.
  await self.clients.claim();
}

async function fromNetwork(request: Request, url: string): Promise<Response> {
  try {
    // Past what the HTTP cache takes for fresh, because it guesses where a host doesn't say.
    return isolated(await fetch(request, { cache: "no-cache" }));
  } catch (error) {
    const cache = await caches.open(CACHE);
    // Hosts serve a folder's index, and some leave the ending out.
    const kept = (await cache.match(url.endsWith("/") ? `${url}index.html` : url)) ?? (await cache.match(`${url}.html`));
    if (!kept) throw error;
    return isolated(kept);
  }
}

async function fromCache(request: Request, url: string): Promise<Response> {
  const cache = await caches.open(CACHE);
  return isolated((await cache.match(url)) ?? (await fetch(request)));
}

/** `response` with the headers that isolate the page, and all that it has of its own, its Content-Security-Policy above all. */
function isolated(response: Response): Response {
  // A redirection that the browser follows by itself, which has nothing to change.
  if (response.type === "opaqueredirect" || response.type === "error") return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries({ ...ISOLATION, "Cross-Origin-Resource-Policy": "same-origin" })) headers.set(name, value);
  const { body, status, statusText } = response;
  return new Response(body, { status, statusText, headers });
}

/** Without what the page alone understands. */
function addressOf(request: Request): string {
  const url = new URL(request.url);
  url.search = url.hash = "";
  return url.href;
}
