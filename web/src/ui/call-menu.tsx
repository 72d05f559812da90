import more from 'lucide-static/icons/ellipsis.svg?raw';
import shield from 'lucide-static/icons/shield-check.svg?raw';
import { inLanguage } from './i18n/later';
import { Menu, type MenuItem } from './menu/menu';
import type { Recorded } from './recording/use-recording';
import type { Views } from './stage/views';
import type { ToolName } from './tools';

const words = inLanguage({
  en: { more: 'More', verify: 'Who could listen' },
  zh: { more: '更多', verify: '谁可能听到' },
});

interface CallMenuProps {
  views: Views;
  recording: Recorded;
  onOpen(tool: ToolName): void;
}

/** All that the bar has no room for. */
export function CallMenu({ onOpen, views, recording }: CallMenuProps) {
  const items: MenuItem[] = [
    { icon: shield, label: words.verify, onSelect: () => onOpen('verify') },
  ];
  if (recording.item) items.push(recording.item);
  items.push(...views.items);
  return <Menu label={words.more} icon={more} items={items} />;
}
