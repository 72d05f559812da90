import { inLanguage } from '../i18n/later';
import { formatBytes } from './format';
import type { Item } from './items';
import { chatWords } from './words';

const words = inLanguage(chatWords);

/** What has just come, over the picture for a moment; read aloud when nothing else is. */
export function News({ latest, onOpen }: { latest: Item | null; onOpen(): void }) {
  return (
    <div class="news" role="status">
      {latest && (
        <button type="button" key={latest.key} onClick={onOpen}>
          <span class="news-text">{textOf(latest)}</span>
          <span class="news-look">{words.look}</span>
        </button>
      )}
    </div>
  );
}

function textOf({ line, transfer }: Item): string {
  return line ? line.text : words.wantsToSend(transfer.name, formatBytes(transfer.size));
}
