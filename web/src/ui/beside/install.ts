import { attempt } from '../memory';
import { isLocalHost } from '../route';

/**
 * Makes the page one that can be installed: it then says in words that there is no network. Not on a computer's
 * own server, where the next program on the port would meet what stays behind; and not where the browser or its
 * person does not want it.
 */
export function install(): void {
  const serviceWorker = attempt(
    () => navigator.serviceWorker as ServiceWorkerContainer | undefined,
  );
  if (!serviceWorker || isLocalHost(location.hostname)) return;
  const register = () => serviceWorker.register('/sw.js', { updateViaCache: 'none' });
  // The page itself comes first.
  requestIdle(() => void register().catch(() => {}));
}

/** Safari does not tell when it is idle. */
function requestIdle(act: () => void): void {
  if ('requestIdleCallback' in self) requestIdleCallback(act);
  else setTimeout(act, 1000);
}
