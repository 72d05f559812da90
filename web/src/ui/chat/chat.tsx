import { useEffect, useRef } from 'preact/hooks';
import type { ChatLine } from '../../call';
import { language } from '../i18n';
import { inLanguage } from '../i18n/later';
import { Panel } from '../panel/panel';
import type { ToolProps } from '../tools';
import { Compose } from './compose';
import { FileRow } from './file-row';
import { type Item, itemsOf } from './items';
import { partsOf } from './links';
import { chatWords } from './words';
import './chat.css';

const words = inLanguage(chatWords);

/** Lines of one person within this time stand together (ms). */
const TOGETHER_MS = 60_000;
/** Whoever has scrolled up further than this reads what was before (px). */
const NEAR_END = 80;

/** The conversation of a call: what the two write to each other, and their files. */
export function Chat({ call, snapshot, onClose }: ToolProps) {
  const { takes, phase } = snapshot;
  const items = itemsOf(snapshot);
  const log = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const last = items.at(-1);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the end moves with what stands there
  useEffect(() => {
    const list = log.current;
    if (list && (atEnd.current || last?.mine)) list.scrollTop = list.scrollHeight;
  }, [last?.key, items.length]);

  useEffect(() => {
    const list = log.current;
    if (!list) return;
    // A keyboard that comes up, say, leaves the end in sight.
    const stay = new ResizeObserver(() => {
      if (atEnd.current) list.scrollTop = list.scrollHeight;
    });
    stay.observe(list);
    return () => stay.disconnect();
  }, []);

  return (
    <Panel heading={words.title} onClose={onClose}>
      {items.length === 0 && (
        <div class="chat-empty">
          <p>{words.empty}</p>
          {takes.files && <p>{words.emptyFiles}</p>}
        </div>
      )}
      {/* What scrolls must be reached by the keyboard. */}
      <div
        class="chat-log"
        ref={log}
        role="log"
        aria-label={words.conversation}
        tabIndex={items.length === 0 ? -1 : 0}
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          atEnd.current = scrollHeight - scrollTop - clientHeight < NEAR_END;
        }}
      >
        <ol>
          {items.map((item, place) => (
            <li
              key={item.key}
              class={item.mine ? 'mine' : 'theirs'}
              data-joined={joins(item, items[place - 1])}
            >
              <span class="chat-who">{item.mine ? words.you : words.they}: </span>
              {item.line ? (
                <Line line={item.line} />
              ) : (
                <FileRow call={call} transfer={item.transfer} online={phase === 'connected'} />
              )}
              <Below item={item} isLast={!joins(items[place + 1], item)} />
            </li>
          ))}
        </ol>
      </div>
      <Compose call={call} files={takes.files} />
    </Panel>
  );
}

function Line({ line }: { line: ChatLine }) {
  return (
    <p class="bubble">
      {partsOf(line.text).map(({ text, href }) =>
        href ? (
          <a href={href} target="_blank" rel="noopener noreferrer">
            {text}
          </a>
        ) : (
          text
        ),
      )}
    </p>
  );
}

/** The page's language as the person's region writes it. */
const REGION = [
  ...navigator.languages.filter((tag) => tag.toLowerCase().startsWith(language.key)),
  language.tag,
];

/** What stands below an item: when it was, and whether it has arrived. */
function Below({ item, isLast }: { item: Item; isLast: boolean }) {
  const { line, at } = item;
  const trouble = line && line.delivery !== 'delivered' && words[line.delivery];
  if (!trouble && !isLast) return null;
  const date = new Date(performance.timeOrigin + at);
  const time = date.toLocaleTimeString(REGION, { hour: 'numeric', minute: '2-digit' });
  return (
    <p class="chat-below">
      <time dateTime={date.toISOString()}>{time}</time>
      {trouble && ` · ${trouble}`}
    </p>
  );
}

function joins(item: Item | undefined, before: Item | undefined): boolean {
  if (!item || !before) return false;
  return item.mine === before.mine && item.at - before.at < TOGETHER_MS;
}
