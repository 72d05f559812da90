/** A part of a line: plain text, or a link. */
export interface Part {
  text: string;
  href?: string;
}

const ADDRESS = /https:\/\/[^\s<>"'`{}|\\^]+/gi;
/** What ends a sentence rather than an address. */
const TRAILING = /[.,:;!?'"…。，、：；！？）」』】]+$/u;

/** Finds the links in a text: addresses that begin with `https://` and are well-formed. */
export function partsOf(text: string): Part[] {
  const parts: Part[] = [];
  let done = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = trim(match[0]);
    const href = hrefOf(address);
    if (!href) continue;
    if (match.index > done) parts.push({ text: text.slice(done, match.index) });
    parts.push({ text: address, href });
    done = match.index + address.length;
  }
  if (done < text.length) parts.push({ text: text.slice(done) });
  return parts;
}

function trim(found: string): string {
  let address = found.replace(TRAILING, '');
  // A bracket that was opened before the address ends after it.
  while (address.endsWith(')') && count(address, ')') > count(address, '(')) {
    address = address.slice(0, -1).replace(TRAILING, '');
  }
  return address;
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}

function hrefOf(address: string): string | null {
  if (!URL.canParse(address)) return null;
  const { protocol, username, password, href } = new URL(address);
  // What stands before an @ looks like the site and is not.
  return protocol === 'https:' && username === '' && password === '' ? href : null;
}
