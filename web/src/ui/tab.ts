/**
 * What a tab remembers while it is loaded anew: in its storage, or with its place in the history where the browser
 * forbids that, as those do whose person allows no cookies.
 */

/** What the tab remembers under this key; `null` if nothing. */
export function remembered(key: string): string | null {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return history.state?.[key] ?? null;
  }
}

/** Lets the tab remember something, or with `null` forget it; where nothing can be kept, what it had before stands. */
export function remember(key: string, value: string | null): void {
  try {
    if (value === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, value);
  } catch {
    try {
      history.replaceState({ ...history.state, [key]: value }, '');
    } catch {
      // Some browsers bound how often a page may do so, and a page that goes may not at all.
    }
  }
}
