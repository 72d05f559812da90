/** The safety code of one connection: what it is made from, and what makes it void. */
import { browserRandom } from './bytes';
import {
  agreeOnCode,
  type Code,
  type CodeProblem,
  type Exchange,
  NONCE_BYTES,
  type Side,
} from './code';
import { fingerprintOf, fingerprintsOf } from './fingerprints';

/** What is needed of an RTCPeerConnection. */
export type Certified = Pick<
  RTCPeerConnection,
  'currentLocalDescription' | 'currentRemoteDescription' | 'signalingState' | 'sctp'
> &
  Pick<EventTarget, 'addEventListener'>;

/** The line to the other side, as texts. */
export interface Line {
  send(text: string): void;
  receive(): Promise<unknown>;
}

/**
 * Agrees on the code of a connection that stands, and tells `report`; also when the code holds no more,
 * because one of the two uses another certificate than before.
 */
export async function watchCode(
  connection: Certified,
  side: Side,
  line: Line,
  report: (code: Code | CodeProblem) => void,
): Promise<void> {
  const fingerprints = fingerprintsSeenFrom(side, connection);
  const code = await agreeOnCode({
    side,
    fingerprints,
    nonce: browserRandom(new Uint8Array(NONCE_BYTES)),
    send: (message) => line.send(JSON.stringify(message)),
    receive: async () => parse(await line.receive()),
  });
  const isCertified = await usesCertificate(connection, fingerprints[otherThan(side)]);
  report(isCertified ? code : 'mismatch');
  connection.addEventListener('signalingstatechange', () => {
    if (connection.signalingState !== 'stable') return;
    const { offer, answer } = fingerprintsSeenFrom(side, connection);
    if (offer !== fingerprints.offer || answer !== fingerprints.answer) report('mismatch');
  });
}

function fingerprintsSeenFrom(side: Side, connection: Certified): Exchange['fingerprints'] {
  const own = fingerprintsOf(connection.currentLocalDescription?.sdp ?? '');
  const theirs = fingerprintsOf(connection.currentRemoteDescription?.sdp ?? '');
  return side === 'offer' ? { offer: own, answer: theirs } : { offer: theirs, answer: own };
}

/**
 * Whether the other side's certificate is the one of its description. Browsers that do not hand out the
 * certificate have seen to that themselves, as all do.
 */
async function usesCertificate({ sctp }: Certified, fingerprints: string): Promise<boolean> {
  const [certificate] = sctp?.transport.getRemoteCertificates?.() ?? [];
  if (!certificate) return fingerprints !== '';
  return fingerprints.split(',').includes(await fingerprintOf(certificate));
}

function otherThan(side: Side): Side {
  return side === 'offer' ? 'answer' : 'offer';
}

function parse(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
}
