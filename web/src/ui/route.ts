/** Addresses of the page: `/`, `/#<secret>` for a sealed call, and `/r/<room>`. */
import { MAX_ROOM_NAME, readSecret } from '../call';

/** Where an address leads: to a call, or to the start page, because of a `problem` with the call if there is one. */
export type Place =
  | { kind: 'start'; problem: PlaceProblem | null }
  | { kind: 'sealed'; secret: string }
  | { kind: 'named'; room: string };

/**
 * Why an address leads to no call. `dots`: browsers take `/r/.` and `/r/..` for other addresses; `cut`: a part
 * of the link is missing; `insecure`: browsers give the ciphers that a sealed call needs to secure pages only.
 */
export type PlaceProblem = 'tooLong' | 'dots' | 'cut' | 'insecure';

/** The start page. */
export const START: Place = startWith(null);

/** Place of an address. */
export function placeOf({ pathname, hash }: Pick<Address, 'pathname' | 'hash'>): Place {
  const room = roomOfPath(pathname);
  if (room !== null) return placeNamed(room);
  const [first = ''] = hash.slice(1).split('&');
  if (pathname !== '/' || first === '' || first.includes('=')) return START;
  return readSecret(first) ? { kind: 'sealed', secret: first } : startWith('cut');
}

/** Path of a place, with the secret that no server gets to see. */
export function pathOf(place: Place): string {
  if (place.kind === 'sealed') return `/#${place.secret}`;
  return place.kind === 'named' ? `/r/${encodeURIComponent(place.room)}` : '/';
}

/** Token of the site that led here, in a link's part that browsers tell no server. */
export function tokenOfHash(hash: string): string | undefined {
  return new URLSearchParams(hash.slice(1)).get('token') ?? undefined;
}

/** Language that a site wants the page in its frame to speak; `null` if it leaves that to the person. */
export function languageOfHash(hash: string): string | null {
  return new URLSearchParams(hash.slice(1)).get('lang');
}

/** Place that a person means by what they typed: a room's name, a secret, or a link of this page's host. */
export function placeOfInput(text: string, hostname: string): Place {
  const typed = text.trim();
  const secret = typed.replace(/^#/, '');
  // Never a room's name, which the server would be told.
  if (readSecret(secret)) return { kind: 'sealed', secret };
  const link = linkIn(typed);
  const place = link?.hostname === hostname ? placeOf(link) : START;
  return place.kind === 'start' && !place.problem && typed !== '' ? placeNamed(typed) : place;
}

/**
 * The link in what a person typed, if its place is not all of it: it leads to another host than
 * `hostname`, or carries a token.
 */
export function linkElsewhere(text: string, hostname: string): string | null {
  const link = linkIn(text.trim());
  if (!link || placeOf(link).kind === 'start') return null;
  return link.hostname !== hostname || tokenOfHash(link.hash) !== undefined ? link.href : null;
}

function linkIn(typed: string): URL | null {
  return /^https?:/i.test(typed) && URL.canParse(typed) ? new URL(typed) : null;
}

function placeNamed(room: string): Place {
  // The server counts characters, not the units of a string.
  if ([...room].length > MAX_ROOM_NAME) return startWith('tooLong');
  if (room === '.' || room === '..') return startWith('dots');
  return { kind: 'named', room };
}

function startWith(problem: PlaceProblem | null): Place {
  return { kind: 'start', problem };
}

function roomOfPath(path: string): string | null {
  const [, room] = /^\/r\/([^/]+)\/?$/.exec(path) ?? [];
  if (room === undefined) return null;
  try {
    return decodeURIComponent(room).trim() || null;
  } catch {
    return room;
  }
}

/** What a page needs to know of its address to find the secure one. */
export type Address = Pick<Location, 'hostname' | 'port' | 'pathname' | 'hash'>;

/**
 * The https address of the same page, by the server's default ports (8080 and 8443, 80 and 443);
 * `null` where the port says nothing.
 */
export function secureAddress(address: Address): string | null {
  const { hostname, port } = address;
  const path = pathOf(placeOf(address));
  if (port === '' || port === '80') return `https://${hostname}${path}`;
  if (port === '8080') return `https://${hostname}:8443${path}`;
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
  const path = pathOf(placeOf(address));
  const here = address.origin + path;
  if (isLocalHost(address.hostname)) return elsewhere ? elsewhere + path : here;
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
