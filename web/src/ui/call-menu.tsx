import more from 'lucide-static/icons/ellipsis.svg?raw';
import expand from 'lucide-static/icons/maximize.svg?raw';
import sliders from 'lucide-static/icons/settings-2.svg?raw';
import shield from 'lucide-static/icons/shield-check.svg?raw';
import { useEffect, useState } from 'preact/hooks';
import { inLanguage } from './i18n/later';
import { Menu, type MenuItem } from './menu/menu';
import type { ToolName } from './tools';

const words = inLanguage({
  en: { more: 'More', fullScreen: 'Full screen', verify: 'Who could listen', settings: 'Settings' },
  zh: { more: '更多', fullScreen: '全屏', verify: '谁可能听到', settings: '设置' },
});

/** All that the bar has no room for. */
export function CallMenu({ onOpen }: { onOpen(tool: ToolName): void }) {
  const fullScreen = useFullScreen();
  const items: MenuItem[] = [
    { icon: shield, label: words.verify, onSelect: () => onOpen('verify') },
    { icon: sliders, label: words.settings, onSelect: () => onOpen('settings') },
  ];
  if (fullScreen) items.push({ icon: expand, label: words.fullScreen, ...fullScreen });
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
  const change = () =>
    checked ? document.exitFullscreen() : document.documentElement.requestFullscreen();
  // Refused where the person's browser does not want it, and then nothing is lost.
  return { checked, onSelect: () => void change().catch(() => {}) };
}
