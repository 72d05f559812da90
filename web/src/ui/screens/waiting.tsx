import { useEffect, useRef, useState } from 'preact/hooks';
import type { Call, CallSnapshot } from '../../call';
import { CallBar } from '../controls';
import { DeviceNotice } from '../device-notice';
import { words } from '../i18n';
import { Icon } from '../icons';
import { OwnPicture } from '../own-picture';
import { QrCode } from '../qr';
import { isLocalHost } from '../route';
import { statusOf } from '../say';

/** Alone in the room: the link is what matters. */
export function Waiting({ call, snapshot }: { call: Call; snapshot: CallSnapshot }) {
  const { waiting } = words;
  const link = location.origin + location.pathname;
  const warning = snapshot.server === 'lost' || snapshot.waitingForSeat;
  return (
    <div class="two-parts waiting">
      <div class="preview">
        <OwnPicture call={snapshot} />
        <fieldset class="preview-bar" aria-label={words.call.controls}>
          <CallBar call={call} snapshot={snapshot} />
        </fieldset>
      </div>
      <div class="words">
        <h1>{snapshot.peerLeft ? waiting.headingLeft : waiting.heading}</h1>
        <p class="lead" role="status" data-tone={warning ? 'warning' : undefined}>
          {statusOf(snapshot)}
        </p>
        <LinkField link={link} />
        {isLocalHost(location.hostname) ? (
          <p class="hint">{waiting.localOnly}</p>
        ) : (
          <div class="qr-part">
            <QrCode text={link} label={waiting.qr} />
            <p>{waiting.scan}</p>
          </div>
        )}
        <DeviceNotice call={call} snapshot={snapshot} />
      </div>
    </div>
  );
}

const COPIED_MS = 2000;

function LinkField({ link }: { link: string }) {
  const { waiting } = words;
  const field = useRef<HTMLInputElement>(null);
  const [outcome, setOutcome] = useState<'copied' | 'copyByHand' | null>(null);
  useEffect(() => {
    if (!outcome) return;
    const timer = setTimeout(() => setOutcome(null), COPIED_MS);
    return () => clearTimeout(timer);
  }, [outcome]);

  const copy = async () => {
    try {
      await navigator.clipboard.writeText(link);
      setOutcome('copied');
    } catch {
      // No clipboard on an insecure page: the old way, and the link stays selected.
      field.current?.select();
      setOutcome(document.execCommand('copy') ? 'copied' : 'copyByHand');
    }
  };

  return (
    <div class="link">
      <input
        ref={field}
        class="link-text"
        readOnly
        value={link}
        aria-label={waiting.link}
        onFocus={(event) => event.currentTarget.select()}
      />
      <div class="link-actions">
        <button type="button" class="primary" onClick={() => void copy()}>
          <Icon name={outcome === 'copied' ? 'check' : 'copy'} />
          <span aria-live="polite">{waiting[outcome ?? 'copy']}</span>
        </button>
        {'share' in navigator && (
          <button
            type="button"
            class="square"
            aria-label={waiting.share}
            data-tip={waiting.share}
            // Closing the system's sheet is no error.
            onClick={() => void navigator.share({ url: link }).catch(() => {})}
          >
            <Icon name="share" />
          </button>
        )}
      </div>
    </div>
  );
}
