import type { Call, CallSnapshot } from '../../call';
import { DeviceButton } from '../controls';
import { DeviceNotice } from '../device-notice';
import { words } from '../i18n';
import { OwnPicture } from '../own-picture';
import { statusOf } from '../say';

/** Before the call: one's own picture, and one button. Also while the seat is being asked for. */
export function Lobby({ call, snapshot }: { call: Call; snapshot: CallSnapshot }) {
  const { lobby } = words;
  const { microphone, camera } = snapshot;
  const joining = snapshot.phase === 'joining';
  const untouched = [microphone, camera].every(
    (device) => device.wanted && !device.asking && !device.track && !device.problem,
  );
  return (
    <div class="two-parts">
      <div class="preview">
        <OwnPicture call={snapshot} />
        {untouched && !joining ? (
          <button type="button" class="preview-ask" onClick={() => void call.preview()}>
            {lobby.preview}
          </button>
        ) : (
          <div class="preview-bar">
            <DeviceButton call={call} snapshot={snapshot} kind="microphone" />
            <DeviceButton call={call} snapshot={snapshot} kind="camera" />
          </div>
        )}
      </div>
      <div class="words">
        <p class="room">{lobby.room(snapshot.roomId)}</p>
        <h1>{lobby.heading}</h1>
        <p
          class="lead"
          role="status"
          data-tone={snapshot.server === 'lost' ? 'warning' : undefined}
        >
          {statusOf(snapshot)}
        </p>
        <button type="button" class="primary" disabled={joining} onClick={() => call.join()}>
          {joining ? lobby.joining : lobby.join}
        </button>
        <DeviceNotice call={call} snapshot={snapshot} />
      </div>
    </div>
  );
}
