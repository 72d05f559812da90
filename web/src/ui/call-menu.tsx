import chart from 'lucide-static/icons/chart-line.svg?raw';
import more from 'lucide-static/icons/ellipsis.svg?raw';
import keyboard from 'lucide-static/icons/keyboard.svg?raw';
import languages from 'lucide-static/icons/languages.svg?raw';
import expand from 'lucide-static/icons/maximize.svg?raw';
import shield from 'lucide-static/icons/shield-check.svg?raw';
import { useEffect, useState } from 'preact/hooks';
import { hasKeyboard } from './comfort/keys';
import { inLanguage } from './i18n/later';
import { Menu, type MenuItem } from './menu/menu';
import { words as statistics } from './statistics/say';
import type { ToolName } from './tools';

const words = inLanguage({
  en: {
    more: 'More',
    fullScreen: 'Full screen',
    verify: 'Who could listen',
    preferences: 'Language and colours',
    help: 'Keys',
  },
  zh: {
    more: '更多',
    fullScreen: '全屏',
    verify: '谁可能听到',
    preferences: '语言和颜色',
    help: '快捷键',
  },
});

/** All that the bar has no room for. */
export function CallMenu({ onOpen }: { onOpen(tool: ToolName): void }) {
  const fullScreen = useFullScreen();
  const items: MenuItem[] = [
    { icon: shield, label: words.verify, onSelect: () => onOpen('verify') },
    { icon: chart, label: statistics.statistics, onSelect: () => onOpen('statistics') },
  ];
  if (fullScreen) items.push({ icon: expand, label: words.fullScreen, ...fullScreen });
  items.push({
    icon: languages,
    label: words.preferences,
    onSelect: () => onOpen('preferences'),
  });
  if (hasKeyboard()) {
    items.push({ icon: keyboard, label: words.help, onSelect: () => onOpen('help') });
  }
  return <Menu label={words.more} icon={more} items={items} />;
}

/** Whether the page fills the screen, and how to change that; `null` where it cannot (phones of Apple). */
function useFullScreen(): Pick<MenuItem, 'checked' | 'onSelect'> | null {
  const [checked, setChecked] = useState(document.fullscreenElement !== null);
  useEffect(() => {
    const look = () => setChecked(document.fullscreenElement !== null);
    document.addEventListener('fullscreenchange', look);
    return () => document.removeEventListener('fullscreenchange', look);
  }, []);
  if (!document.fullscreenEnabled) return null;
  return { checked, onSelect: toggleFullScreen };
}

/** Lets the page fill the screen, or no more. */
export function toggleFullScreen(): void {
  if (!document.fullscreenEnabled) return;
  const change = document.fullscreenElement
    ? document.exitFullscreen()
    : document.documentElement.requestFullscreen();
  // Refused where the person's browser does not want it, and then nothing is lost.
  change.catch(() => {});
}
