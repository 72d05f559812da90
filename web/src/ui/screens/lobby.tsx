import { DeviceButton, single } from '../controls';
import { DeviceNotice, type ScreenProps } from '../device-notice';
import { Heading } from '../heading';
import { words } from '../i18n';
import { OwnPicture } from '../own-picture';
import { lobbyStatus, serverTrouble } from '../say';

type Later = typeof import('./later');

/**
 * Before the call: one's own picture, and one button. Also while the seat is being asked for. What else can be chosen
 * is loaded later, and has its place kept.
 */
export function Lobby({ later, ...props }: ScreenProps & { later: Later | null }) {
  const { call, snapshot } = props;
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
        {later && <later.Level {...props} />}
      </div>
      <div class="words">
        {!snapshot.sealed && <p class="room">{lobby.room(snapshot.roomId)}</p>}
        <Heading>{snapshot.sealed ? lobby.headingOwn : lobby.heading}</Heading>
        <p
          class="lead"
          id="lead"
          role="status"
          data-tone={serverTrouble(snapshot) ? 'warning' : undefined}
        >
          {lobbyStatus(snapshot)}
        </p>
        <DeviceNotice {...props} />
        <div class="pickers">{later && <later.Pickers {...props} />}</div>
        <button
          type="button"
          class="primary"
          disabled={joining}
          onClick={single(() => call.join())}
        >
          {joining ? lobby.joining : lobby.join}
        </button>
        <div class="choice">{later && <later.AskFirst call={call} />}</div>
        {!snapshot.sealed && <p class="hint">{lobby.unsealed}</p>}
      </div>
    </div>
  );
}
