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

/** Token of the site that led here, in a link's part that browsers tell no server. */
export function tokenOfHash(hash: string): string | undefined {
  return new URLSearchParams(hash.slice(1)).get('token') ?? undefined;
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

/**
 * The link in what a person typed, if a room's name is not all of it: it leads to another host than
 * `hostname`, or carries a token.
 */
export function linkElsewhere(text: string, hostname: string): string | null {
  const typed = text.trim();
  if (!/^https?:/i.test(typed) || !URL.canParse(typed)) return null;
  const link = new URL(typed);
  const more = link.hostname !== hostname || link.hash !== '';
  return more && roomOfPath(link.pathname) !== null ? link.href : null;
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

const RANDOM_GROUP = `[${ALPHABET}]{${GROUP}}`;
const RANDOM_ROOM = new RegExp(`^${Array(GROUPS).fill(RANDOM_GROUP).join('-')}$`);

/** Whether a room's name looks like one of `randomRoom`. */
export function isRandomRoom(room: string): boolean {
  return RANDOM_ROOM.test(room);
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

/**
 * The link to this page that is of use on another device. `elsewhere`: the origin under which other
 * devices reach the server of a local page, if there is one.
 */
export function linkToSend(
  address: Address & Pick<Location, 'origin'>,
  isSecure: boolean,
  elsewhere: string | null,
): string {
  const here = address.origin + address.pathname;
  if (isLocalHost(address.hostname)) return elsewhere ? elsewhere + address.pathname : here;
  return (isSecure ? null : secureAddress(address)) ?? here;
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
