import screen from 'lucide-static/icons/screen-share.svg?raw';
import screenOff from 'lucide-static/icons/screen-share-off.svg?raw';
import { useState } from 'preact/hooks';
import { type Call, type CallSnapshot, canShareScreen, shareScreen } from '../../call';
import { single } from '../controls';
import { Dismiss } from '../device-notice';
import { inLanguage } from '../i18n/later';
import { Glyph } from '../icons';
import { Telling } from '../stage/telling';
import { shareWords } from './words';

const words = inLanguage(shareWords);

/** Shares the screen, and remembers whether that went wrong. */
export function useShare(call: Call, { screen: own, remote }: CallSnapshot) {
  const [failed, setFailed] = useState(false);
  return {
    sharing: own !== null,
    theirs: remote.screen !== null,
    failed,
    async start() {
      setFailed(false);
      setFailed((await shareScreen(call)) === 'failed');
    },
    stop: () => call.setScreen(null),
    dismiss: () => setFailed(false),
  };
}

type Share = ReturnType<typeof useShare>;

/** Shows the screen to the other one, or ends that. Not there where the browser cannot, as on phones. */
export function ShareButton({ share: { sharing, start, stop } }: { share: Share }) {
  if (!canShareScreen()) return null;
  const label = sharing ? words.stop : words.share;
  return (
    <button
      type="button"
      class="round share"
      aria-keyshortcuts="S"
      data-sharing={sharing}
      aria-label={label}
      data-tip={label}
      onClick={single(sharing ? stop : () => void start())}
    >
      <Glyph strokes={sharing ? screenOff : screen} />
    </button>
  );
}

/** Says who shares. */
export function ShareTellings({ share }: { share: Share }) {
  return (
    <>
      {/* It is in plain sight, and the line may cover a part of it. */}
      <Telling fades>{share.theirs && words.theyShare}</Telling>
      <Telling action={words.stop} onAction={share.stop}>
        {share.sharing && words.sharing}
      </Telling>
      {share.failed && (
        <div class="notice brief" role="alert">
          <p>{words.failed}</p>
          <div class="notice-actions">
            <Dismiss onClick={share.dismiss} />
          </div>
        </div>
      )}
    </>
  );
}
