import type { CallSnapshot, Problem } from '../call';
import { words } from './i18n';

/** The one line that says how the call stands. */
export function statusOf(call: CallSnapshot): string {
  const { status, waiting, lobby } = words;
  const { phase } = call;
  const trouble = serverTrouble(call);
  switch (phase) {
    case 'joining':
      return trouble ?? lobby.joining;
    case 'waiting':
      return trouble ?? (call.peerLeft ? waiting.left : waiting.lead);
    case 'ready':
    case 'connecting':
    case 'reconnecting':
      if (isStuck(call)) return status.stuck;
      return trouble ?? (call.peerAway ? status.peerAway : status[phase]);
    case 'connected':
      if (trouble) return status.serverLostInCall;
      if (call.peerAway) return status.peerAway;
      return call.peerOffline ? status.peerOffline : connectionOf(call);
    case 'replaced':
      return words.replaced.text;
    case 'ended':
      return words.ended.heading;
    case 'failed':
      return words.failed[call.failure?.kind ?? 'unreachable'].heading;
    case 'lobby':
      return trouble ?? lobbyLine(call);
  }
}

/** What keeps the page from the server, or the server from taking it in; `null` if nothing does. */
export function serverTrouble({ server, waitingForSeat }: CallSnapshot): string | null {
  if (waitingForSeat || server === 'crowded') return words.status.crowded;
  if (server === 'busy') return words.status.busy;
  return server === 'lost' ? words.status.serverLost : null;
}

/** Whether to join anew is all that is left to try. */
export function isStuck(call: CallSnapshot): boolean {
  return call.stuck && !call.peerAway && !serverTrouble(call);
}

function connectionOf({ connection }: CallSnapshot): string {
  if (!connection) return words.status.connected;
  return words.status[connection.path];
}

function lobbyLine({ microphone, camera }: CallSnapshot): string {
  const { lobby } = words;
  if (microphone.asking || camera.asking) return lobby.asking;
  const seen = camera.track !== null;
  const heard = microphone.track !== null && microphone.wanted;
  if (seen) return heard ? lobby.seen : lobby.micOff;
  if (heard) return lobby.cameraOff;
  const settled = (device: CallSnapshot['camera']) => !device.wanted || device.problem !== null;
  const untouched = !settled(microphone) || !settled(camera);
  return untouched && !microphone.track ? lobby.willAsk : lobby.bothOff;
}

/** The call's state in a word or two, for the tab's title: it must say something among many. */
export function titleOf(call: CallSnapshot): string {
  const { titles } = words;
  const { phase } = call;
  if (phase === 'failed' || phase === 'ready') return statusOf(call);
  if (phase === 'ended') return titles.ended;
  if (phase === 'connected') return titles.connected;
  if (phase !== 'replaced' && serverTrouble(call)) return titles.noServer;
  if (phase !== 'lobby') return titles[phase];
  return call.sealed ? words.lobby.headingOwn : words.lobby.room(call.roomId);
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

/** A length of time as `m:ss` or `h:mm:ss`. */
export function formatDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const two = (n: number) => String(n).padStart(2, '0');
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
