import type { CallSnapshot } from '../call';
import { words } from './i18n';
import { Icon } from './icons';
import { useStreamOf, Video } from './video';

/** The person's own picture, mirrored as in a mirror; a figure while the camera is off. */
export function OwnPicture({ call }: { call: CallSnapshot }) {
  const stream = useStreamOf(call.camera.track);
  return (
    <>
      <Video
        class={call.settings?.looksAway ? 'own-video looks-away' : 'own-video'}
        stream={stream}
        label={words.call.own}
        muted
      />
      {!stream && (
        <div class="figure">
          <Icon name={call.camera.wanted && !call.camera.problem ? 'user' : 'videoOff'} />
        </div>
      )}
    </>
  );
}
