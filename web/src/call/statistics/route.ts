import type { Path } from '../stats';
import type { Entry, Report } from './report';

/** One end of the path that carries the media, as far as the browser tells. */
export interface End {
  /** `host`, `srflx` and `prflx` (behind a NAT), or `relay`. */
  readonly type: string | null;
  readonly address: string | null;
  readonly port: number | null;
}

/** The candidate pair that carries the media. */
export interface Route {
  readonly path: Path;
  /** Between the two ends, `udp` or `tcp`. */
  readonly protocol: string | null;
  /** How this side reaches its relay: `udp`, `tcp` or `tls`; `null` if it uses none. */
  readonly relayProtocol: string | null;
  readonly local: End;
  readonly remote: End;
}

/** Names of the codecs in use, such as `VP8`. */
export interface Codecs {
  readonly audioIn: string | null;
  readonly audioOut: string | null;
  readonly videoIn: string | null;
  readonly videoOut: string | null;
}

/** Reads which way the media takes; `null` before there is one. */
export function routeOf(report: Report): Route | null {
  const { pair } = report;
  if (!pair) return null;
  const local = report.get(pair.localCandidateId);
  const remote = report.get(pair.remoteCandidateId);
  const relayed = [local, remote].some((end) => end?.candidateType === 'relay');
  return {
    path: relayed ? 'relayed' : 'direct',
    protocol: local?.protocol ?? null,
    relayProtocol: local?.candidateType === 'relay' ? (local.relayProtocol ?? null) : null,
    local: endOf(local),
    remote: endOf(remote),
  };
}

/** Reads by what sound and pictures are encoded. */
export function codecsOf(report: Report): Codecs {
  const name = (type: string, kind: 'audio' | 'video') => {
    const stream = report.all(type, kind).find(({ codecId }) => codecId !== undefined);
    return report.get(stream?.codecId)?.mimeType?.split('/')[1] ?? null;
  };
  return {
    audioIn: name('inbound-rtp', 'audio'),
    audioOut: name('outbound-rtp', 'audio'),
    videoIn: name('inbound-rtp', 'video'),
    videoOut: name('outbound-rtp', 'video'),
  };
}

function endOf(candidate: Entry | undefined): End {
  const { candidateType, address, port } = candidate ?? {};
  return { type: candidateType ?? null, address: address || null, port: port ?? null };
}
