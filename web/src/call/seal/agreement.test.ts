import { expect, it, vi } from 'vitest';
import { type Certified, type Line, watchCode } from './agreement';
import { fingerprintOf } from './fingerprints';

const encode = (text: string) => new TextEncoder().encode(text);
const [ann, ben, mallory] = [encode('Ann'), encode('Ben'), encode('Mallory')];

it('gives both sides of a connection the same code', async () => {
  const codes = await agreed(connection(ann, ben), connection(ben, ann));
  expect(codes[0]).toHaveLength(4);
  expect(codes[0]).toEqual(codes[1]);
});

it('gives it also where the browser does not hand out certificates', async () => {
  const [one, other] = [connection(ann, ben), connection(ben, ann, null)];
  const codes = await agreed(one, other);
  expect(codes[0]).toHaveLength(4);
  expect(codes[0]).toEqual(codes[1]);
});

it('gives none if the other side uses another certificate than it has named', async () => {
  const codes = await agreed(connection(ann, ben, mallory), connection(ben, ann));
  expect(codes[0]).toBe('mismatch');
});

it('gives none without any certificate', async () => {
  const bare = connection(ann, ben, null);
  bare.currentRemoteDescription = { type: 'answer', sdp: 'v=0' };
  expect((await agreed(bare, connection(ben, ann)))[0]).toBe('mismatch');
});

it('takes the code back when another certificate comes into use', async () => {
  const one = connection(ann, ben);
  const reports = vi.fn();
  await agreed(one, connection(ben, ann), reports);
  expect(reports).toHaveBeenCalledTimes(1);
  one.become('have-remote-offer');
  one.become('stable');
  expect(reports).toHaveBeenCalledTimes(1);
  one.currentRemoteDescription = await descriptionWith(mallory);
  one.become('have-remote-offer');
  expect(reports).toHaveBeenCalledTimes(1);
  one.become('stable');
  expect(reports).toHaveBeenLastCalledWith('mismatch');
});

it('takes no word for a code', async () => {
  const report = vi.fn();
  const line: Line = { send: () => {}, receive: async () => '{' };
  await watchCode(await connection(ann, ben).ready(), 'offer', line, report);
  expect(report).toHaveBeenCalledWith('disorder');
});

/** What both sides report first. */
async function agreed(one: Fake, other: Fake, reported = vi.fn()): Promise<unknown[]> {
  const there = new TransformStream<string, string>(undefined, { highWaterMark: 9 });
  const back = new TransformStream<string, string>(undefined, { highWaterMark: 9 });
  const line = (out: typeof there, into: typeof there): Line => {
    const [writer, reader] = [out.writable.getWriter(), into.readable.getReader()];
    return {
      send: (text) => void writer.write(text),
      receive: async () => (await reader.read()).value,
    };
  };
  const theirs = vi.fn();
  await Promise.all([
    watchCode(await one.ready(), 'offer', line(there, back), reported),
    watchCode(await other.ready(), 'answer', line(back, there), theirs),
  ]);
  return [reported.mock.calls[0]?.[0], theirs.mock.calls[0]?.[0]];
}

class Fake extends EventTarget {
  signalingState: RTCSignalingState = 'stable';
  currentLocalDescription: RTCSessionDescriptionInit | null = null;
  currentRemoteDescription: RTCSessionDescriptionInit | null = null;
  readonly sctp: Certified['sctp'];
  readonly #described: Promise<void>;

  constructor(
    own: Uint8Array<ArrayBuffer>,
    theirs: Uint8Array<ArrayBuffer>,
    used: BufferSource | null,
  ) {
    super();
    const transport = used ? { getRemoteCertificates: () => [used] } : {};
    this.sctp = { transport } as unknown as Certified['sctp'];
    this.#described = Promise.all([descriptionWith(own), descriptionWith(theirs)]).then(
      ([local, remote]) => {
        this.currentLocalDescription = local;
        this.currentRemoteDescription ??= remote;
      },
    );
  }

  async ready(): Promise<Certified> {
    await this.#described;
    return this as unknown as Certified;
  }

  become(state: RTCSignalingState): void {
    this.signalingState = state;
    this.dispatchEvent(new Event('signalingstatechange'));
  }
}

/** A connection between two certificates, at whose other end `used` has shown up. */
function connection(
  own: Uint8Array<ArrayBuffer>,
  theirs: Uint8Array<ArrayBuffer>,
  used: BufferSource | null = theirs,
): Fake {
  return new Fake(own, theirs, used);
}

async function descriptionWith(
  certificate: Uint8Array<ArrayBuffer>,
): Promise<RTCSessionDescriptionInit> {
  const [algorithm, hex] = (await fingerprintOf(certificate)).split(' ');
  return { type: 'offer', sdp: `v=0\r\na=fingerprint:${algorithm} ${hex}\r\n` };
}
