import type { CallSnapshot } from '../call';
import { callWords } from './call-words';
import { words as pageWords } from './i18n';
import { inLanguage } from './i18n/later';
import { lobbyStatus, serverTrouble } from './say';

/** What is said once there is a seat, in the language of the page. */
export const words = inLanguage(callWords);

/** The one line that says how the call stands. */
export function statusOf(call: CallSnapshot): string {
  const { status, waiting } = words;
  const { phase } = call;
  const trouble = serverTrouble(call);
  switch (phase) {
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
    case 'joining':
      return lobbyStatus(call);
  }
}

/** Whether to join anew is all that is left to try. */
export function isStuck(call: CallSnapshot): boolean {
  return call.stuck && !call.peerAway && !serverTrouble(call);
}

function connectionOf({ connection }: CallSnapshot): string {
  if (!connection) return words.status.connected;
  return words.status[connection.path];
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
  return call.sealed ? pageWords.lobby.headingOwn : pageWords.lobby.room(call.roomId);
}

/** A length of time as `m:ss` or `h:mm:ss`. */
export function formatDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const two = (n: number) => String(n).padStart(2, '0');
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
