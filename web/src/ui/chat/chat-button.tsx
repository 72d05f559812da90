import icon from 'lucide-static/icons/message-square-text.svg?raw';
import { inLanguage } from '../i18n/later';
import { Glyph } from '../icons';
import { chatWords } from './words';

const words = inLanguage(chatWords);

/** Opens and closes the chat; tells how much has come since it was closed. */
export function ChatButton({
  unread,
  open,
  onToggle,
}: {
  unread: number;
  open: boolean;
  onToggle(): void;
}) {
  const count = unread > 99 ? '99+' : String(unread);
  return (
    <button
      type="button"
      class="round chat-button"
      aria-keyshortcuts="C"
      aria-label={unread > 0 ? words.unread(count) : words.title}
      aria-expanded={open}
      data-tip={words.title}
      onClick={onToggle}
    >
      <Glyph strokes={icon} />
      {unread > 0 && (
        <span class="badge" aria-hidden="true">
          {count}
        </span>
      )}
    </button>
  );
}
