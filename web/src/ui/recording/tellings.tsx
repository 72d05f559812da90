import { useEffect, useRef, useState } from 'preact/hooks';
import type { CallSnapshot } from '../../call';
import { Dismiss } from '../device-notice';
import { useElapsed } from '../hooks';
import { inLanguage } from '../i18n/later';
import { formatDuration } from '../say-call';
import { Telling } from '../stage/telling';
import type { Recorded } from './use-recording';
import { recordingWords } from './words';

const words = inLanguage(recordingWords);

/** So long it is said that a recording has ended (ms). */
const NEWS_MS = 6_000;

/** Says who records. */
export function RecordingTellings({
  recording,
  snapshot: { remote },
}: {
  recording: Recorded;
  snapshot: CallSnapshot;
}) {
  const { since, news, stop, dismiss } = recording;
  const records = since !== null;
  const elapsed = useElapsed(since);
  const stopped = useEndOf(remote.recording);
  const own = remote.capabilities.recording ? words.recording : words.untold;
  return (
    <>
      <Telling dot={remote.recording}>
        {(remote.recording && words.theyRecord) || (stopped && words.theyStopped)}
      </Telling>
      <Telling dot={records} clock={formatDuration(elapsed)} action={words.stop} onAction={stop}>
        {records && own}
      </Telling>
      <Telling>{news === 'saved' && words.saved}</Telling>
      {news && news !== 'saved' && (
        <div class="notice brief" role="alert">
          <p>{words[news]}</p>
          <div class="notice-actions">
            <Dismiss onClick={dismiss} />
          </div>
        </div>
      )}
    </>
  );
}

/** Whether something was so, and has ended just now. */
function useEndOf(holds: boolean): boolean {
  const held = useRef(false);
  const [ended, setEnded] = useState(false);
  useEffect(() => {
    setEnded(held.current && !holds);
    held.current = holds;
    if (holds) return;
    const timer = setTimeout(() => setEnded(false), NEWS_MS);
    return () => clearTimeout(timer);
  }, [holds]);
  return ended;
}
