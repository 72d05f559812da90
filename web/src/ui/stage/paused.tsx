import type { CallSnapshot } from '../../call';
import { inLanguage } from '../i18n/later';
import { Telling } from './telling';
import { stageWords } from './words';

const words = inLanguage(stageWords);

/** Says why the other person does not see the own picture, although the camera is on. */
export function PausedTelling({
  snapshot: { statistics, phase, camera },
}: {
  snapshot: CallSnapshot;
}) {
  const paused = phase === 'connected' && camera.track !== null && statistics?.pictures !== 'all';
  return <Telling>{paused && statistics && words.paused}</Telling>;
}
