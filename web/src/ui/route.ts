/** Addresses of the page: `/` and `/r/<room>`. */
import { MAX_ROOM_NAME } from '../call';

const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';
const GROUP = 4;
const GROUPS = 3;

/** Room of a path, or `null` for the start page. */
export function roomOfPath(path: string): string | null {
  const [, room] = /^\/r\/([^/]+)\/?$/.exec(path) ?? [];
  if (room === undefined) return null;
  try {
    return decodeURIComponent(room).trim() || null;
  } catch {
    return room;
  }
}

/** Room that a person means by what they typed: its name, or a link of this page's host to it. */
export function roomOfInput(text: string, hostname: string): string {
  const typed = text.trim();
  if (!/^https?:/i.test(typed)) return typed;
  try {
    const link = new URL(typed);
    return (link.hostname === hostname ? roomOfPath(link.pathname) : null) ?? typed;
  } catch {
    return typed;
  }
}

/** Why a room's name cannot be used. `dots`: browsers take `/r/.` and `/r/..` for other addresses. */
export type RoomNameProblem = 'tooLong' | 'dots';

/** What is wrong with a room's name, or `null`. */
export function roomNameProblem(room: string): RoomNameProblem | null {
  // The server counts characters, not the units of a string.
  if ([...room].length > MAX_ROOM_NAME) return 'tooLong';
  return room === '.' || room === '..' ? 'dots' : null;
}

/** Path of a room. */
export function pathOfRoom(room: string): string {
  return `/r/${encodeURIComponent(room)}`;
}

/** A room name that nobody guesses: 59 bits, in groups that can be read out. */
export function randomRoom(
  random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>,
): string {
  let name = '';
  for (let length = 0; length < GROUP * GROUPS; ) {
    const [byte = 0] = random(new Uint8Array(1));
    // Even odds for each letter.
    if (byte >= ALPHABET.length * Math.floor(256 / ALPHABET.length)) continue;
    if (length > 0 && length % GROUP === 0) name += '-';
    name += ALPHABET[byte % ALPHABET.length];
    length += 1;
  }
  return name;
}

/** What a page needs to know of its address to find the secure one. */
export type Address = Pick<Location, 'hostname' | 'port' | 'pathname'>;

/**
 * The https address of the same page, by the server's default ports (8080 and 8443, 80 and 443);
 * `null` where the port says nothing.
 */
export function secureAddress({ hostname, port, pathname }: Address): string | null {
  if (port === '' || port === '80') return `https://${hostname}${pathname}`;
  if (port === '8080') return `https://${hostname}:8443${pathname}`;
  return null;
}

/** Whether an address can be opened on the computer itself only. */
export function isLocalHost(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127\./.test(hostname)
  );
}
