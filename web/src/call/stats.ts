import type { Beat } from './pulse';
import { type Entry, Report } from './statistics/report';

/** How the media travels: straight between the two browsers, or through the relay. */
export type Path = 'direct' | 'relayed';

/** What a person wants to know of the connection. */
export interface Connection {
  path: Path;
}

/** Reads the path and what shows that it carries from a statistics report; `null` before a path is selected. */
export function readConnection(entries: Iterable<Entry>): {
  connection: Connection | null;
  beat: Beat;
} {
  const report = new Report(entries);
  const { pair } = report;
  const beat = {
    packets: report
      .all('inbound-rtp')
      .reduce((sum, { packetsReceived = 0 }) => sum + packetsReceived, 0),
    pair: pair?.id ?? '',
    asked: pair?.requestsSent ?? 0,
    answered: pair?.responsesReceived ?? 0,
  };
  if (!pair) return { connection: null, beat };
  const ends = [report.get(pair.localCandidateId), report.get(pair.remoteCandidateId)];
  const path = ends.some((end) => end?.candidateType === 'relay') ? 'relayed' : 'direct';
  return { connection: { path }, beat };
}
