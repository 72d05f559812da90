import { expect, it } from 'vitest';
import { readConnection } from './stats';

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
  expect(readConnection(entries).connection).toEqual({ path });
});

it('finds the pair without a transport entry, as in Firefox', () => {
  const entries = [pair, end('l', 'relay'), end('r', 'host')];
  expect(readConnection(entries).connection?.path).toBe('relayed');
});

it('knows no connection before a pair is selected', () => {
  expect(readConnection([{ ...pair, nominated: false }]).connection).toBeNull();
});

it('reads how much has come, and how many checks were answered', () => {
  const counted = { ...pair, requestsSent: 5, responsesReceived: 4 };
  const rtp = { id: 'v', type: 'inbound-rtp', packetsReceived: 7 };
  const { beat } = readConnection([transport, counted, rtp]);
  expect(beat).toEqual({ packets: 7, pair: 'p', asked: 5, answered: 4 });
  // Firefox may forget its pair.
  const { beat: without } = readConnection([rtp]);
  expect(without).toEqual({ packets: 7, pair: '', asked: 0, answered: 0 });
});
