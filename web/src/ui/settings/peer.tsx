import type { CallSnapshot } from '../../call';
import { inLanguage } from '../i18n/later';
import { settingsWords } from './words';

const words = inLanguage(settingsWords);

/** The other person's name, if they have told one. */
export function TheirName({ snapshot }: { snapshot: CallSnapshot }) {
  const { name } = snapshot.remote;
  return name ? <bdi class="their-name">{name}</bdi> : null;
}

/** That the other person saves data, which is why pictures are small. */
export function TheirLowData({ snapshot }: { snapshot: CallSnapshot }) {
  if (snapshot.phase !== 'connected' || !snapshot.remote.lowData) return null;
  return <span class="their-low-data">{words.theyLowDataBrief}</span>;
}
