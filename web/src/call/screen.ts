/** Showing a screen, a window or another tab of the browser. */
import type { Call } from './call';

/** What became of the wish: the person may have changed their mind in the browser's own dialog. */
export type Shared = 'shared' | 'refused' | 'failed';

/** More pictures a second than this are for films; a screen is to be sharp first of all. */
const FRAME_RATE = 30;

/** What is known to some browsers only, and passed over by the others. */
interface ScreenOptions extends DisplayMediaStreamOptions {
  audio: boolean | (MediaTrackConstraints & { restrictOwnAudio?: boolean });
  selfBrowserSurface: 'exclude';
  surfaceSwitching: 'include';
  systemAudio: 'include' | 'exclude';
}

/** Whether this browser can show screens; those of phones cannot. */
export function canShareScreen(): boolean {
  return typeof navigator.mediaDevices?.getDisplayMedia === 'function';
}

/**
 * Asks the person what to show, and shows it to the other one until `call.setScreen(null)`, until the browser's own
 * button ends it, or until the call is over. To be called by a press: browsers refuse it otherwise.
 */
export async function shareScreen(call: Call): Promise<Shared> {
  const withSound = call.snapshot.remote.capabilities.screen === true;
  let screen: MediaStream;
  try {
    screen = await navigator.mediaDevices.getDisplayMedia(
      screenOptions(withSound, navigator.mediaDevices.getSupportedConstraints()),
    );
  } catch (error) {
    return error instanceof DOMException && error.name === 'NotAllowedError' ? 'refused' : 'failed';
  }
  const [picture] = screen.getVideoTracks();
  // The call may be over by the time that the person has chosen.
  if (!picture || call.snapshot.remote.stream === null) {
    for (const track of screen.getTracks()) track.stop();
    return 'failed';
  }
  // Letters are to be read: rather fewer pictures than blurred ones.
  picture.contentHint = 'detail';
  picture.addEventListener('ended', () => {
    if (call.snapshot.screen === screen) call.setScreen(null);
  });
  call.setScreen(screen);
  return 'shared';
}

/** What to ask the browser for. */
export function screenOptions(
  withSound: boolean,
  known: MediaTrackSupportedConstraints & { restrictOwnAudio?: boolean },
): ScreenOptions {
  // The other person is not to hear themselves: only where the call's own sound can be left out of the computer's.
  const withoutOwn = known.restrictOwnAudio === true;
  return {
    video: { frameRate: { max: FRAME_RATE } },
    // Music and films, which what is done for voices would spoil.
    audio: withSound && {
      echoCancellation: false,
      noiseSuppression: false,
      autoGainControl: false,
      ...(withoutOwn && { restrictOwnAudio: true }),
    },
    selfBrowserSurface: 'exclude',
    surfaceSwitching: 'include',
    systemAudio: withoutOwn ? 'include' : 'exclude',
  };
}
