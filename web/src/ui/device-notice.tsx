import type { Call, CallSnapshot } from '../call';
import { words } from './i18n';
import { Icon } from './icons';
import { secureAddress } from './route';
import { deviceNews, deviceProblem } from './say';

/** What the screens of a call are drawn from. */
export interface ScreenProps {
  call: Call;
  snapshot: CallSnapshot;
  /** Keys of the notices that the person has closed. */
  dismissed: readonly string[];
  onDismiss(key: string): void;
}

/** What is wrong with the own devices, and the one button that helps. `brief`: in one line. */
export function DeviceNotice({
  call,
  snapshot,
  dismissed,
  onDismiss,
  brief = false,
}: ScreenProps & { brief?: boolean }) {
  const found = deviceProblem(snapshot);
  if (!found) return <DeviceNews {...{ snapshot, dismissed, onDismiss, brief }} />;
  if (dismissed.includes(found.key)) return null;
  const secure = found.problem === 'insecure' ? secureAddress(location) : null;
  return (
    <div class={brief ? 'notice brief' : 'notice'} role="alert">
      <Icon name="alert" />
      <p>{brief ? found.brief : found.text}</p>
      <div class="notice-actions">
        {found.problem !== 'insecure' && (
          <button type="button" class="plain" onClick={() => void call.retryDevices()}>
            {words.devices.again}
          </button>
        )}
        {secure && !brief && (
          <a class="plain" href={secure}>
            {words.devices.openSecure}
          </a>
        )}
        <Dismiss onClick={() => onDismiss(found.key)} />
      </div>
    </div>
  );
}

/** A device that has taken the place of another: nothing to do, but to know. */
function DeviceNews({
  snapshot,
  dismissed,
  onDismiss,
  brief,
}: Omit<ScreenProps, 'call'> & { brief: boolean }) {
  const news = deviceNews(snapshot);
  if (!news || dismissed.includes(news.key)) return null;
  return (
    <div class={brief ? 'notice brief' : 'notice'} role="alert">
      <p>{news.text}</p>
      <div class="notice-actions">
        <Dismiss onClick={() => onDismiss(news.key)} />
      </div>
    </div>
  );
}

/** Closes a notice. */
export function Dismiss({ onClick }: { onClick(): void }) {
  return (
    <button type="button" class="plain quiet" aria-label={words.devices.dismiss} onClick={onClick}>
      <Icon name="close" />
    </button>
  );
}
