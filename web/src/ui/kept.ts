import { remember, remembered } from './tab';

/** What a person has chosen for good in this browser, or for the tab where the browser forbids to keep anything. */
export type Choice = 'theme' | 'language' | 'ask' | 'choices';

/** What was chosen; `null` if nothing was. */
export function kept(choice: Choice): string | null {
  try {
    return localStorage.getItem(choice);
  } catch {
    return remembered(choice);
  }
}

/** Keeps a choice; `null`: leaves it to the system again. */
export function keep(choice: Choice, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(choice);
    else localStorage.setItem(choice, value);
  } catch {
    remember(choice, value);
  }
}
