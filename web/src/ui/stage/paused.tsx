import type { CallSnapshot } from '../../call';
import { inLanguage } from '../i18n/later';
import { Telling } from './telling';
import { stageWords } from './words';

const words = inLanguage(stageWords);

/** Says why a picture or a screen stands still although it is on: to the one who sends it, and of a screen to both. */
export function PausedTelling({ snapshot }: { snapshot: CallSnapshot }) {
  const { phase, paused, screen, remote } = snapshot;
  const connected = phase === 'connected';
  return (
    <>
      <Telling>{connected && paused && (screen ? words.screenPaused : words.paused)}</Telling>
      <Telling>{connected && remote.paused && remote.screen && words.theirScreenPaused}</Telling>
    </>
  );
}
