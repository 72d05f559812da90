import { expect, it } from 'vitest';
import { readConnection } from './stats';

const NOTHING = { received: 0, lost: 0 };
const pair = {
  id: 'p',
  type: 'candidate-pair',
  nominated: true,
  state: 'succeeded',
  localCandidateId: 'l',
  remoteCandidateId: 'r',
  currentRoundTripTime: 0.02,
};
const transport = { id: 't', type: 'transport', selectedCandidatePairId: 'p' };
const end = (id: string, candidateType: string) => ({ id, type: 'candidate', candidateType });

it.each([
  ['host', 'srflx', 'direct'],
  ['relay', 'host', 'relayed'],
  ['host', 'relay', 'relayed'],
])('%s to %s is %s', (local, remote, path) => {
  const entries = [transport, pair, end('l', local), end('r', remote)];
  expect(readConnection(entries, NOTHING).connection).toEqual({ path, quality: 'good' });
});

it('finds the pair without a transport entry, as in Firefox', () => {
  const entries = [pair, end('l', 'relay'), end('r', 'host')];
  expect(readConnection(entries, NOTHING).connection?.path).toBe('relayed');
});

it('knows no connection before a pair is selected', () => {
  expect(readConnection([{ ...pair, nominated: false }], NOTHING).connection).toBeNull();
});

it('counts losses since the reading before', () => {
  const rtp = { id: 'v', type: 'inbound-rtp', packetsReceived: 1_000, packetsLost: 100 };
  const entries = [transport, pair, rtp];
  expect(readConnection(entries, NOTHING).connection?.quality).toBe('weak');
  const before = { received: 500, lost: 99 };
  expect(readConnection(entries, before)).toMatchObject({
    connection: { path: 'direct', quality: 'good' },
    reading: { received: 1_000, lost: 100 },
  });
});

it('reads how much has come, and how many checks were answered', () => {
  const counted = { ...pair, requestsSent: 5, responsesReceived: 4 };
  const rtp = { id: 'v', type: 'inbound-rtp', packetsReceived: 7 };
  const { beat } = readConnection([transport, counted, rtp], NOTHING);
  expect(beat).toEqual({ packets: 7, pair: 'p', asked: 5, answered: 4 });
  // Firefox may forget its pair.
  const { beat: without } = readConnection([rtp], NOTHING);
  expect(without).toEqual({ packets: 7, pair: '', asked: 0, answered: 0 });
});

it('calls a long way weak', () => {
  const far = { ...pair, currentRoundTripTime: 0.8 };
  expect(readConnection([transport, far], NOTHING).connection?.quality).toBe('weak');
});
