/** What a person has chosen for good in this browser. */
export type Choice = 'theme' | 'language';

/** What was chosen; `null` if nothing was, or the browser forbids to keep anything. */
export function kept(choice: Choice): string | null {
  try {
    return localStorage.getItem(choice);
  } catch {
    return null;
  }
}

/** Keeps a choice; `null`: leaves it to the system again. */
export function keep(choice: Choice, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(choice);
    else localStorage.setItem(choice, value);
  } catch {
    // Then it holds for this page alone.
  }
}
