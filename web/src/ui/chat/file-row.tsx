import icon from 'lucide-static/icons/file.svg?raw';
import type { Call, FileTransfer } from '../../call';
import { single } from '../controls';
import { inLanguage } from '../i18n/later';
import { Glyph } from '../icons';
import { formatDuration } from '../say-call';
import { formatBytes, secondsLeft } from './format';
import { handOver } from './use-chat';
import { chatWords } from './words';

const words = inLanguage(chatWords);

/** One file: what it is, how far it has come, and what can be done. */
export function FileRow({
  call,
  transfer,
  online,
}: {
  call: Call;
  transfer: FileTransfer;
  online: boolean;
}) {
  const { id, mine, name, size, state, moved, file, noPlace } = transfer;
  const under = state === 'queued' || state === 'running';
  const act = (what: 'accept' | 'decline' | 'cancel') => {
    void call.beside().then(({ files }) => files[what](id));
  };
  return (
    <div class="file" data-state={state}>
      <Glyph strokes={icon} />
      <div class="file-words">
        <p class="file-name">{name}</p>
        <p class="file-state">
          {under ? (
            <Parts parts={progressOf(transfer, online)} />
          ) : (
            `${formatBytes(size)} · ${stateOf(transfer)}`
          )}
        </p>
      </div>
      {under && (
        <progress aria-label={words.progress(name)} max={Math.max(1, size)} value={moved} />
      )}
      {noPlace && (
        <p class="file-trouble" role="alert">
          {words.noPlace[noPlace]}
        </p>
      )}
      <div class="file-actions">
        {state === 'offered' && !mine && (
          <>
            <Action words={words.accept} name={name} strong onPress={() => act('accept')} />
            <Action words={words.decline} name={name} onPress={() => act('decline')} />
          </>
        )}
        {(under || (state === 'offered' && mine)) && (
          <Action words={words.cancel} name={name} onPress={() => act('cancel')} />
        )}
        {file && <Action words={words.save} name={name} onPress={() => handOver(file)} />}
      </div>
    </div>
  );
}

function Action({
  words: label,
  name,
  strong,
  onPress,
}: {
  words: string;
  name: string;
  strong?: boolean;
  onPress(): void;
}) {
  return (
    <button
      type="button"
      class={strong ? 'file-action strong' : 'file-action'}
      aria-label={words.named(label, name)}
      onClick={single(onPress)}
    >
      {label}
    </button>
  );
}

/** In one line if there is room, and each in one line in any case. */
function Parts({ parts }: { parts: string[] }) {
  return (
    <span class="file-parts">
      {parts.map((part, at) => (
        <>
          {at > 0 && ' '}
          <span class="file-part">
            {at > 0 && <span class="file-dot">· </span>}
            {part}
          </span>
        </>
      ))}
    </span>
  );
}

function progressOf({ state, moved, size, speed }: FileTransfer, online: boolean): string[] {
  if (!online) return [words.state.offline];
  if (state === 'queued') return [formatBytes(size), words.state.queued];
  const parts = [words.of(formatBytes(moved), formatBytes(size))];
  if (speed) parts.push(words.perSecond(formatBytes(speed)));
  const left = secondsLeft(size - moved, speed);
  if (left !== null) parts.push(words.left(formatDuration(left * 1_000)));
  return parts;
}

function stateOf({ state, mine, end, file }: FileTransfer): string {
  if (state === 'ended' && end) return words.ended[end.reason][endedBy(end.reason, mine, end.mine)];
  if (state === 'declined') return mine ? words.state.theyDeclined : words.state.youDeclined;
  if (state === 'done') {
    if (mine) return words.state.sent;
    return file ? words.state.received : words.state.saved;
  }
  return mine ? words.state.asked : words.state.offered;
}

/** Whose words: of one who has left, those for the side that would do it again. */
function endedBy(reason: string, mine: boolean, byMe: boolean): 'mine' | 'theirs' {
  const own = reason === 'left' ? mine : byMe;
  return own ? 'mine' : 'theirs';
}
