import { describe, expect, it } from 'vitest';
import { type Negotiable, Negotiation } from './negotiation';

describe('perfect negotiation', () => {
  it('offers and is answered', async () => {
    const [a, b] = pair();
    await a.negotiation.needed();
    await deliver(a, b);
    expect([a.pc.signalingState, b.pc.signalingState]).toEqual(['stable', 'stable']);
    expect(a.pc.remoteDescription?.sdp).toBe(of('b1'));
    expect(b.pc.remoteDescription?.sdp).toBe(of('a1'));
    expect(b.log).toContain('before answer');
  });

  it.each(['impolite first', 'polite first'])(
    'settles crossing offers on the impolite one (%s)',
    async (order) => {
      const [impolite, polite] = pair();
      await Promise.all([impolite.negotiation.needed(), polite.negotiation.needed()]);
      await (order === 'impolite first' ? deliver(impolite, polite) : deliver(polite, impolite));
      expect([impolite.pc.signalingState, polite.pc.signalingState]).toEqual(['stable', 'stable']);
      // The polite side took back its first offer and answered with its second description.
      expect(polite.pc.remoteDescription?.sdp).toBe(of('a1'));
      expect(impolite.pc.remoteDescription?.sdp).toBe(of('b2'));
      expect(polite.log).toContain('rollback');
      expect(impolite.log).not.toContain('rollback');
      expect([...impolite.problems, ...polite.problems]).toEqual([]);
    },
  );

  it('keeps candidates that come before their description', async () => {
    const [a, b] = pair();
    await a.negotiation.needed();
    await b.negotiation.candidate({ candidate: 'early', usernameFragment: 'a1' });
    expect(b.pc.candidates).toEqual([]);
    await deliver(a, b);
    await b.negotiation.candidate({ candidate: 'late', usernameFragment: 'a1' });
    expect(b.pc.candidates).toEqual(['early', 'late']);
    expect(b.problems).toEqual([]);
  });

  it('keeps candidates that come before the description of a new path', async () => {
    const [a, b] = pair();
    await a.negotiation.needed();
    await deliver(a, b);
    await b.negotiation.candidate({ candidate: 'early', usernameFragment: 'a2' });
    await b.negotiation.candidate({ candidate: 'of nothing', usernameFragment: 'zz' });
    expect(b.pc.candidates).toEqual([]);
    await a.negotiation.needed();
    await deliver(a, b);
    await b.negotiation.candidate({ candidate: 'late', usernameFragment: 'a2' });
    expect(b.pc.candidates).toEqual(['early', 'late']);
    expect(b.problems).toEqual([]);
  });

  it('keeps no more early candidates than a description may have', async () => {
    const [a, b] = pair();
    for (let n = 0; n < 300; n += 1) {
      await b.negotiation.candidate({ candidate: `${n}`, usernameFragment: 'a1' });
    }
    await a.negotiation.needed();
    await deliver(a, b);
    expect(b.pc.candidates).toHaveLength(100);
  });

  it('takes candidates that do not say what they belong to as those of the present description', async () => {
    const [a, b] = pair();
    await a.negotiation.needed();
    await deliver(a, b);
    await b.negotiation.candidate({ candidate: 'plain' });
    expect(b.pc.candidates).toEqual(['plain']);
  });

  it('drops the candidates of an offer that it ignored', async () => {
    const [impolite, polite] = pair();
    await Promise.all([impolite.negotiation.needed(), polite.negotiation.needed()]);
    const [crossing] = polite.sent;
    if (!crossing) throw new Error('no offer was made');
    await impolite.negotiation.description(crossing);
    await impolite.negotiation.candidate({ candidate: 'of b1', usernameFragment: 'b1' });
    await deliver(impolite, polite);
    await impolite.negotiation.candidate({ candidate: 'of b2', usernameFragment: 'b2' });
    expect(impolite.pc.candidates).toEqual(['of b2']);
    expect(impolite.problems).toEqual([]);
  });

  it('ignores such candidates in a second negotiation as well', async () => {
    const [impolite, polite] = pair();
    await impolite.negotiation.needed();
    await deliver(impolite, polite);
    await Promise.all([impolite.negotiation.needed(), polite.negotiation.needed()]);
    const crossing = polite.sent.find((d) => d.sdp === of('b2'));
    if (!crossing) throw new Error('no second offer was made');
    await impolite.negotiation.description(crossing);
    await impolite.negotiation.candidate({ candidate: 'of b2', usernameFragment: 'b2' });
    expect(impolite.pc.candidates).toEqual([]);
    expect(impolite.problems).toEqual([]);
  });

  it('takes an offer that comes while an answer is being set', async () => {
    const [a, b] = pair();
    await a.negotiation.needed();
    const answer = a.negotiation.description({ type: 'answer', sdp: of('b1') });
    const offer = a.negotiation.description({ type: 'offer', sdp: of('b2') });
    await Promise.all([answer, offer]);
    expect(a.pc.remoteDescription?.sdp).toBe(of('b2'));
    expect(a.pc.signalingState).toBe('stable');
    expect(a.problems).toEqual([]);
    expect(b.problems).toEqual([]);
  });

  it('answers an offer once that comes twice in a row', async () => {
    const [a, b] = pair();
    await a.negotiation.needed();
    expect(a.negotiation.repeat()).toBe(true);
    await Promise.all(a.sent.map((offer) => b.negotiation.description(offer)));
    expect(b.sent).toEqual([{ type: 'answer', sdp: of('b1') }]);
    expect([b.pc.signalingState, b.problems]).toEqual(['stable', []]);
  });

  it('gives the same answer again to an offer that comes again, and takes an answer once', async () => {
    const [a, b] = pair();
    await a.negotiation.needed();
    await deliver(a, b);
    const [offer] = a.sent;
    const [answer] = b.sent;
    if (!offer || !answer) throw new Error('nothing was said');
    await b.negotiation.description(offer);
    expect(b.sent).toEqual([answer, answer]);
    // It is none to the offer of a new path.
    await a.negotiation.needed();
    await a.negotiation.description(answer);
    expect(a.pc.signalingState).toBe('have-local-offer');
    expect([...a.problems, ...b.problems]).toEqual([]);
  });

  it('has no offer to repeat once it is answered', async () => {
    const [a, b] = pair();
    await a.negotiation.needed();
    await deliver(a, b);
    expect([a.negotiation.repeat(), b.negotiation.repeat()]).toEqual([false, false]);
  });

  it('reports an answer that nobody asked for, and goes on', async () => {
    const [a, b] = pair();
    await a.negotiation.description({ type: 'answer', sdp: of('x1') });
    expect(a.problems).toHaveLength(1);
    await a.negotiation.needed();
    await deliver(a, b);
    expect(a.pc.signalingState).toBe('stable');
  });
});

/** A description whose ICE credentials have this name. */
function of(fragment: string): string {
  return `o=- 1 ${fragment}\r\na=ice-ufrag:${fragment}`;
}

/** Two sides: the first impolite, the second polite. */
function pair(): [Side, Side] {
  return [new Side('a', false), new Side('b', true)];
}

/** Carries descriptions to and fro, `from` first, until both have said everything. */
async function deliver(from: Side, to: Side): Promise<void> {
  while (from.delivered < from.sent.length || to.delivered < to.sent.length) {
    for (const [sender, receiver] of [
      [from, to],
      [to, from],
    ] as const) {
      for (; sender.delivered < sender.sent.length; sender.delivered += 1) {
        const description = sender.sent[sender.delivered];
        if (description) await receiver.negotiation.description(description);
      }
    }
  }
}

class Side {
  readonly sent: RTCSessionDescriptionInit[] = [];
  readonly problems: unknown[] = [];
  readonly log: string[];
  readonly pc: FakeConnection;
  readonly negotiation: Negotiation;
  delivered = 0;

  constructor(name: string, polite: boolean) {
    this.pc = new FakeConnection(name);
    this.log = this.pc.log;
    this.negotiation = new Negotiation(this.pc, polite, {
      send: (description) => this.sent.push(description),
      beforeAnswer: () => this.log.push('before answer'),
      problem: (error) => this.problems.push(error),
    });
  }
}

/** The signalling states of an RTCPeerConnection, and its one operation at a time. */
class FakeConnection implements Negotiable {
  signalingState: RTCSignalingState = 'stable';
  localDescription: RTCSessionDescriptionInit | null = null;
  remoteDescription: RTCSessionDescriptionInit | null = null;
  readonly candidates: string[] = [];
  readonly log: string[] = [];
  readonly #name: string;
  #made = 0;
  #chain: Promise<unknown> = Promise.resolve();

  constructor(name: string) {
    this.#name = name;
  }

  setLocalDescription(): Promise<void> {
    return this.#queue(() => {
      const type = this.signalingState === 'have-remote-offer' ? 'answer' : 'offer';
      this.#made += 1;
      this.localDescription = { type, sdp: of(`${this.#name}${this.#made}`) };
      this.signalingState = type === 'offer' ? 'have-local-offer' : 'stable';
    });
  }

  setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
    return this.#queue(() => {
      if (description.type === 'answer' && this.signalingState !== 'have-local-offer') {
        throw new DOMException('no offer to answer', 'InvalidStateError');
      }
      if (description.type === 'offer' && this.signalingState === 'have-local-offer') {
        this.log.push('rollback');
      }
      this.remoteDescription = description;
      this.signalingState = description.type === 'offer' ? 'have-remote-offer' : 'stable';
    });
  }

  addIceCandidate({ candidate, usernameFragment }: RTCIceCandidateInit): Promise<void> {
    return this.#queue(() => {
      if (usernameFragment && of(usernameFragment) !== this.remoteDescription?.sdp) {
        throw new DOMException('unknown fragment', 'OperationError');
      }
      this.candidates.push(candidate ?? '');
    });
  }

  #queue(operation: () => void): Promise<void> {
    const done = this.#chain.then(operation);
    this.#chain = done.catch(() => {});
    return done;
  }
}
