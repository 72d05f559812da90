/** One entry of a statistics report: the fields that are read here, of which browsers have more or fewer. */
export interface Entry {
  id: string;
  type: string;
  timestamp?: number;
  kind?: string;
  // https://www.w3.org/TR/webrtc-stats/#rtctransportstats-dict*
  selectedCandidatePairId?: string;
  // https://www.w3.org/TR/webrtc-stats/#candidatepair-dict*
  nominated?: boolean;
  state?: string;
  localCandidateId?: string;
  remoteCandidateId?: string;
  currentRoundTripTime?: number;
  availableOutgoingBitrate?: number;
  requestsSent?: number;
  responsesReceived?: number;
  // https://www.w3.org/TR/webrtc-stats/#icecandidate-dict*
  candidateType?: string;
  protocol?: string;
  relayProtocol?: string;
  address?: string;
  port?: number;
  // https://www.w3.org/TR/webrtc-stats/#streamstats-dict*
  codecId?: string;
  mimeType?: string;
  localId?: string;
  bytesReceived?: number;
  bytesSent?: number;
  packetsReceived?: number;
  packetsSent?: number;
  packetsLost?: number;
  fractionLost?: number;
  roundTripTime?: number;
  jitter?: number;
  framesPerSecond?: number;
  framesDecoded?: number;
  framesEncoded?: number;
  frameWidth?: number;
  frameHeight?: number;
  freezeCount?: number;
  concealedSamples?: number;
  silentConcealedSamples?: number;
  totalSamplesReceived?: number;
  qualityLimitationReason?: string;
}

/** A report, and what in it is found by more than one reader. */
export class Report {
  readonly #byId = new Map<string, Entry>();

  constructor(entries: Iterable<Entry>) {
    for (const entry of entries) this.#byId.set(entry.id, entry);
  }

  /** All entries of one type, and of one kind of media if it is given. */
  all(type: string, kind?: 'audio' | 'video'): Entry[] {
    return [...this.#byId.values()].filter(
      (entry) => entry.type === type && (kind === undefined || entry.kind === kind),
    );
  }

  /** The entry of this id. */
  get(id: string | undefined): Entry | undefined {
    return id === undefined ? undefined : this.#byId.get(id);
  }

  /** The candidate pair that carries the media. */
  get pair(): Entry | undefined {
    const chosen = this.all('transport').find((entry) => entry.selectedCandidatePairId);
    // Firefox had no `transport` entry for long.
    return (
      this.get(chosen?.selectedCandidatePairId) ??
      this.all('candidate-pair').find((entry) => entry.nominated && entry.state === 'succeeded')
    );
  }
}
