/**
 * The service worker: says in words that there is no way to the server, and nothing else. It keeps no page and no
 * file, so it can never show an old one; files under hashed names the browser keeps by itself.
 */
import { offlinePage } from './offline';

declare const self: ServiceWorkerGlobalScope;

// A new one takes over at once: the old one has nothing that anybody would miss.
self.addEventListener('install', (event) => event.waitUntil(self.skipWaiting()));
self.addEventListener('activate', (event) => event.waitUntil(takeOver()));

async function takeOver(): Promise<void> {
  // The browser asks for the page while it still starts this worker.
  await self.registration.navigationPreload?.enable();
  await self.clients.claim();
}

self.addEventListener('fetch', (event) => {
  // Whatever is no page the browser gets by itself.
  if (event.request.mode === 'navigate') event.respondWith(answer(event));
});

async function answer({ request, preloadResponse }: FetchEvent): Promise<Response> {
  try {
    return (await preloadResponse) ?? (await fetch(request));
  } catch {
    return offlinePage(crypto.randomUUID());
  }
}
