import { useState } from 'preact/hooks';
import type { Call, CallSnapshot } from '../call';
import { words } from './i18n';
import { Icon } from './icons';
import { secureAddress } from './route';
import { deviceProblem } from './say';

/** What is wrong with the own devices, and the one button that helps. */
export function DeviceNotice({ call, snapshot }: { call: Call; snapshot: CallSnapshot }) {
  const [dismissed, setDismissed] = useState('');
  const found = deviceProblem(snapshot);
  if (!found || found.key === dismissed) return null;
  const secure = found.problem === 'insecure' ? secureAddress(location) : null;
  return (
    <div class="notice" role="alert">
      <Icon name="alert" />
      <p>{found.text}</p>
      <div class="notice-actions">
        {found.problem !== 'insecure' && (
          <button type="button" class="plain" onClick={() => void call.retryDevices()}>
            {words.devices.again}
          </button>
        )}
        {secure && (
          <a class="plain" href={secure}>
            {words.devices.openSecure}
          </a>
        )}
        <button
          type="button"
          class="plain quiet"
          aria-label={words.devices.dismiss}
          onClick={() => setDismissed(found.key)}
        >
          <Icon name="close" />
        </button>
      </div>
    </div>
  );
}
