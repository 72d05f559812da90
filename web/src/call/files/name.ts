/** Longest name, in characters. */
const MAX_NAME = 200;
/** Names of devices on Windows, with any ending. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/**
 * Makes a name from elsewhere fit to be that of a file, on any system, and to be shown: no folders, no
 * characters that control or turn text, nothing that is hidden or means a device.
 */
export function cleanName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? '';
  const plain = last
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '')
    .replace(/[<>:"|?*]/g, '_')
    .replace(/^[.\s]+|[.\s]+$/g, '');
  const safe = DEVICE.test(plain) ? `_${plain}` : plain;
  return shorten(safe) || 'file';
}

/** Shortens a name before its ending. */
function shorten(name: string): string {
  const characters = [...name];
  if (characters.length <= MAX_NAME) return name;
  const ending = /\.[^.]{1,15}$/u.exec(name)?.[0] ?? '';
  return characters.slice(0, MAX_NAME - [...ending].length).join('') + ending;
}
