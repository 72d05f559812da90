import type { CallSnapshot, Problem } from '../call';
import { words } from './i18n';

/** The one line that says how things stand before there is a seat. */
export function lobbyStatus(call: CallSnapshot): string {
  return serverTrouble(call) ?? (call.phase === 'joining' ? words.lobby.joining : lobbyLine(call));
}

/** What keeps the page from the server, or the server from taking it in; `null` if nothing does. */
export function serverTrouble({ server, waitingForSeat }: CallSnapshot): string | null {
  if (waitingForSeat || server === 'crowded') return words.status.crowded;
  if (server === 'busy') return words.status.busy;
  return server === 'lost' ? words.status.serverLost : null;
}

function lobbyLine({ microphone, camera }: CallSnapshot): string {
  const { lobby } = words;
  const seen = camera.track !== null;
  // Where nothing has to be asked, the microphone follows the camera.
  if (camera.asking || (microphone.asking && !seen)) return lobby.asking;
  const heard = (microphone.track !== null || microphone.asking) && microphone.wanted;
  if (seen) return heard ? lobby.seen : lobby.micOff;
  if (heard) return lobby.cameraOff;
  const settled = (device: CallSnapshot['camera']) => !device.wanted || device.problem !== null;
  const untouched = !settled(microphone) || !settled(camera);
  return untouched && !microphone.track ? lobby.willAsk : lobby.bothOff;
}

/** What is wrong with the own devices, as sentences long and brief, and what kind of help it needs. */
export function deviceProblem(
  call: CallSnapshot,
): { problem: Problem; text: string; brief: string; key: string } | null {
  const microphone = call.microphone.wanted ? call.microphone.problem : null;
  const camera = call.camera.wanted ? call.camera.problem : null;
  // Different reasons: the camera's first, the microphone's when that is settled.
  const problem = camera ?? microphone;
  if (!problem) return null;
  const which = camera === microphone ? 'both' : camera ? 'camera' : 'microphone';
  const { devices } = words;
  return {
    problem,
    text: devices[problem](devices[which]),
    brief: devices.brief(devices[which]),
    key: `${which} ${problem}`,
  };
}

/** Which device has taken the place of one that went; `null` if none has, or the person knows. */
export function deviceNews(call: CallSnapshot): { text: string; key: string } | null {
  for (const kind of ['camera', 'microphone'] as const) {
    const { substitute } = call[kind];
    if (substitute === null) continue;
    const { devices } = words;
    const text = devices.substitute(devices[kind], substitute || devices.another);
    return { text, key: `${kind}: ${substitute}` };
  }
  return null;
}
