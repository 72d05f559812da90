import chart from 'lucide-static/icons/chart-line.svg?raw';
import more from 'lucide-static/icons/ellipsis.svg?raw';
import keyboard from 'lucide-static/icons/keyboard.svg?raw';
import languages from 'lucide-static/icons/languages.svg?raw';
import sliders from 'lucide-static/icons/settings-2.svg?raw';
import shield from 'lucide-static/icons/shield-check.svg?raw';
import turn from 'lucide-static/icons/switch-camera.svg?raw';
import type { Call, CallSnapshot } from '../call';
import { hasKeyboard } from './comfort/keys';
import { inLanguage } from './i18n/later';
import { Menu, type MenuItem } from './menu/menu';
import type { Recorded } from './recording/use-recording';
import { settingsWords } from './settings/words';
import type { Views } from './stage/views';
import { words as statistics } from './statistics/say';
import type { ToolName } from './tools';

const words = inLanguage({
  en: {
    more: 'More',
    verify: 'Who could listen',
    settings: 'Settings',
    preferences: 'Language and colours',
    help: 'Keyboard shortcuts',
  },
  zh: {
    more: '更多',
    verify: '谁可能听到',
    settings: '设置',
    preferences: '语言和颜色',
    help: '快捷键',
  },
});

const { flip } = inLanguage(settingsWords);

interface CallMenuProps {
  call: Call;
  snapshot: CallSnapshot;
  views: Views;
  recording: Recorded;
  onOpen(tool: ToolName): void;
}

/** All that the bar has no room for. */
export function CallMenu({ call, snapshot, onOpen, views, recording }: CallMenuProps) {
  const items: MenuItem[] = [
    { icon: shield, label: words.verify, onSelect: () => onOpen('verify') },
  ];
  if (snapshot.settings?.canFlip) {
    const turnIt = async () => (await call.settings()).flip();
    items.push({ icon: turn, label: flip, onSelect: () => void turnIt() });
  }
  if (recording.item) items.push(recording.item);
  items.push(...views.items);
  items.push({
    icon: sliders,
    label: words.settings,
    onSelect: () => onOpen('settings'),
  });
  items.push({
    icon: chart,
    label: statistics.statistics,
    onSelect: () => onOpen('statistics'),
  });
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
