import { kept } from '../kept';

/** Shows the page in the colours of a theme, `light` or `dark`; `null`: in those that the system has. */
export function paint(theme: string | null): void {
  document.documentElement.dataset.theme = theme ?? '';
}

paint(kept('theme'));
