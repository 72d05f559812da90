import { describe, expect, it } from 'vitest';
import type { DeviceInfo } from '../devices';
import { findChosen, optionsOf } from './lists';

describe('lists of devices', () => {
  it('have the devices of a kind, and one default in place of the browser’s aliases', () => {
    const all = [
      device('audioinput', 'default', 'Default - Desk'),
      device('audioinput', 'communications', 'Communications - Desk'),
      device('audioinput', 'a', 'Desk'),
      device('audioinput', 'b', 'Headset'),
      device('videoinput', 'c', 'Lid'),
    ];
    expect(optionsOf(all, 'audioinput')).toEqual([
      { id: '', label: '' },
      { id: 'a', label: 'Desk' },
      { id: 'b', label: 'Headset' },
    ]);
    expect(optionsOf(all, 'videoinput')).toEqual([{ id: 'c', label: 'Lid' }]);
    expect(optionsOf(all, 'audiooutput')).toEqual([]);
  });

  it('have one nameless device before the permission, whatever the browser lists', () => {
    const all = [device('videoinput', '', ''), device('videoinput', '', '')];
    expect(optionsOf(all, 'videoinput')).toEqual([{ id: '', label: '' }]);
  });

  it('find a chosen device by its id, then by its name, and otherwise not', () => {
    const options = [
      { id: '', label: '' },
      { id: 'a', label: 'Desk' },
      { id: 'b', label: 'Headset' },
    ];
    expect(findChosen(options, { id: 'a', label: 'Headset' })?.id).toBe('a');
    expect(findChosen(options, { id: 'of another day', label: 'Headset' })?.id).toBe('b');
    expect(findChosen(options, { id: 'gone', label: 'Gone' })).toBeNull();
    expect(findChosen(options, { id: 'gone', label: '' })).toBeNull();
    expect(findChosen(options, undefined)).toBeNull();
  });
});

function device(kind: MediaDeviceKind, deviceId: string, label: string): DeviceInfo {
  return { kind, deviceId, label };
}
