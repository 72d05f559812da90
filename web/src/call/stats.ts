import type { Beat } from './pulse';

/** How the media travels: straight between the two browsers, or through the relay. */
export type Path = 'direct' | 'relayed';

/** What a person wants to know of the connection. */
export interface Connection {
  path: Path;
  /** `weak` when sound and picture suffer: long way or many losses. */
  quality: 'good' | 'weak';
}

const WEAK_ROUND_TRIP_S = 0.4;
const WEAK_LOSS = 0.05;

/** Counters of the previous reading, for losses since then. */
export interface Reading {
  received: number;
  lost: number;
}

interface Entry {
  id: string;
  type: string;
  selectedCandidatePairId?: string;
  nominated?: boolean;
  state?: string;
  localCandidateId?: string;
  remoteCandidateId?: string;
  candidateType?: string;
  currentRoundTripTime?: number;
  requestsSent?: number;
  responsesReceived?: number;
  packetsReceived?: number;
  packetsLost?: number;
}

/** Reads path, quality and counters from a statistics report; `null` before a path is selected. */
export function readConnection(
  entries: Iterable<Entry>,
  before: Reading,
): { connection: Connection | null; reading: Reading; beat: Beat } {
  const byId = new Map<string, Entry>();
  for (const entry of entries) byId.set(entry.id, entry);

  const reading = { received: 0, lost: 0 };
  let pair: Entry | undefined;
  for (const entry of byId.values()) {
    if (entry.type === 'inbound-rtp') {
      reading.received += entry.packetsReceived ?? 0;
      reading.lost += Math.max(0, entry.packetsLost ?? 0);
    } else if (entry.type === 'transport' && entry.selectedCandidatePairId) {
      pair = byId.get(entry.selectedCandidatePairId);
    }
  }
  // Firefox has no `transport` entry.
  pair ??= [...byId.values()].find(
    (e) => e.type === 'candidate-pair' && e.nominated && e.state === 'succeeded',
  );
  const beat = {
    packets: reading.received,
    pair: pair?.id ?? '',
    asked: pair?.requestsSent ?? 0,
    answered: pair?.responsesReceived ?? 0,
  };
  if (!pair) return { connection: null, reading, beat };

  const ends = [pair.localCandidateId, pair.remoteCandidateId].map((id) => byId.get(id ?? ''));
  const path = ends.some((end) => end?.candidateType === 'relay') ? 'relayed' : 'direct';
  const lost = Math.max(0, reading.lost - before.lost);
  const received = Math.max(0, reading.received - before.received);
  const lossy = lost > WEAK_LOSS * (lost + received);
  const far = (pair.currentRoundTripTime ?? 0) > WEAK_ROUND_TRIP_S;
  return { connection: { path, quality: lossy || far ? 'weak' : 'good' }, reading, beat };
}
