import { useEffect, useRef, useState } from 'preact/hooks';
import { askWords } from '../ask/words';
import { useKeys } from '../comfort/use-keys';
import { useWakeLock } from '../comfort/use-wake-lock';
import { CallBar, single } from '../controls';
import type { ScreenProps } from '../device-notice';
import { Heading } from '../heading';
import { words } from '../i18n';
import { inLanguage } from '../i18n/later';
import { Icon } from '../icons';
import { Notice } from '../notice';
import { OwnPicture } from '../own-picture';
import { QrCode } from '../qr';
import { isLocalHost, linkToSend, pathOf, placeOf, tokenOfHash } from '../route';
import { serverTrouble } from '../say';
import { words as callText, statusOf } from '../say-call';
import { waitingWords } from './waiting-words';

const waiting = inLanguage(waitingWords);
const asking = inLanguage(askWords);

/** Alone in the room: the link is what matters. */
export function Waiting(props: ScreenProps) {
  const { call, snapshot } = props;
  useWakeLock();
  useKeys();
  // A link without a token lets in nobody, and one's own is for oneself.
  const invited = tokenOfHash(location.hash) !== undefined;
  return (
    <div class="two-parts waiting">
      <div class="preview">
        <OwnPicture call={snapshot} />
        <fieldset class="preview-bar" aria-label={callText.call.controls}>
          <CallBar call={call} snapshot={snapshot} />
        </fieldset>
      </div>
      <div class="words">
        <Heading>{snapshot.peerLeft || invited ? waiting.headingLeft : waiting.heading}</Heading>
        <p
          class="lead"
          id="lead"
          role="status"
          data-tone={serverTrouble(snapshot) ? 'warning' : undefined}
        >
          {leadOf(props, invited)}
        </p>
        <Notice {...props} />
        {invited ? <p class="hint">{waiting.ownLink}</p> : <Invitation sealed={snapshot.sealed} />}
      </div>
    </div>
  );
}

function leadOf({ call, snapshot }: ScreenProps, invited: boolean): string {
  const { peerLeft } = snapshot;
  if (serverTrouble(snapshot)) return statusOf(snapshot);
  if (call.asks) return asking[peerLeft ? 'left' : 'waiting'];
  return invited && !peerLeft ? waiting.ownLead : statusOf(snapshot);
}

/** The link, for whoever is to come. */
function Invitation({ sealed }: { sealed: boolean }) {
  const local = isLocalHost(location.hostname);
  const elsewhere = useElsewhere(local);
  const here = location.origin + pathOf(placeOf(location));
  const link = linkToSend(location, isSecureContext, elsewhere);
  return (
    <>
      <LinkField link={link} />
      <p class="hint">{sealed ? waiting.sealed : words.lobby.unsealed}</p>
      {link !== here && <p class="hint">{waiting.otherDevice}</p>}
      {local && !elsewhere ? (
        <p class="hint">{waiting.localOnly}</p>
      ) : (
        <div class="qr-part">
          <QrCode text={link} label={waiting.qr} />
          <p>{waiting.scan}</p>
        </div>
      )}
    </>
  );
}

/** First origin under which other devices reach this computer's server, if it tells one. */
function useElsewhere(local: boolean): string | null {
  const [origin, setOrigin] = useState<string | null>(null);
  useEffect(() => {
    if (!local) return;
    const stop = new AbortController();
    const ask = async () => {
      const answer = await fetch('/reach', { signal: stop.signal });
      if (!answer.ok) return;
      const { origins }: { origins: string[] } = await answer.json();
      setOrigin(origins[0] ?? null);
    };
    // A server that does not tell leaves the page's own address.
    ask().catch(() => {});
    return () => stop.abort();
  }, [local]);
  return origin;
}

const COPIED_MS = 2000;

function LinkField({ link }: { link: string }) {
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
        <button type="button" class="primary" onClick={single(() => void copy())}>
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
