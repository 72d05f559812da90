import { expect, it } from 'vitest';
import { readPeerMessage } from './protocol';

const candidate = { candidate: 'candidate:1 1 udp 1 192.0.2.1 1 typ host', sdpMid: '0' };

it.each([
  [{ type: 'offer', value: { type: 'offer', sdp: 'v=0' } }],
  [{ type: 'answer', value: { type: 'answer', sdp: 'v=0' } }],
  [{ type: 'candidate', value: candidate }],
  [
    {
      type: 'media',
      value: { microphone: true, camera: false, screen: true, recording: false, paused: false },
    },
  ],
  [{ type: 'quality', value: { bad: true, busy: false, reach: null } }],
  [{ type: 'quality', value: { bad: true, busy: false, reach: { loss: 0.1, ms: 40 } } }],
  [{ type: 'name', value: 'Ada' }],
  [{ type: 'lowData', value: true }],
  [{ type: 'leaving' }],
  [{ type: 'unload', link: 'k3v9x0q2hmb' }],
  [{ type: 'restart', link: null }],
])('reads %j', (message) => {
  expect(readPeerMessage(message)).toEqual(message);
});

it.each([
  [null],
  ['offer'],
  [42],
  [[]],
  [{}],
  [{ type: 'offer' }],
  [{ type: 'offer', value: null }],
  [{ type: 'offer', value: { sdp: 7 } }],
  [{ type: 'candidate', value: null }],
  [{ type: 'candidate', value: {} }],
  [{ type: 'media', value: { microphone: 'yes', camera: true } }],
  [{ type: 'quality', value: { bad: true, busy: false, reach: 40 } }],
  [{ type: 'quality', value: { bad: true, busy: false, reach: { loss: 'much', ms: 40 } } }],
  [{ type: 'name', value: { toString: 'Ada' } }],
  [{ type: 'lowData', value: 1 }],
  [{ type: 'rollback', value: { type: 'rollback', sdp: '' } }],
])('refuses %j', (message) => {
  expect(readPeerMessage(message)).toBeNull();
});

it('reads of a page that knows no screens that it shows none', () => {
  const value = { microphone: true, camera: true };
  expect(readPeerMessage({ type: 'media', value })).toEqual({
    type: 'media',
    value: { ...value, screen: false, recording: false, paused: false },
  });
});
