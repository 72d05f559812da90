/** The part of an RTCPeerConnection that negotiation needs. */
export interface Negotiable {
  readonly signalingState: RTCSignalingState;
  readonly localDescription: RTCSessionDescription | RTCSessionDescriptionInit | null;
  readonly remoteDescription: RTCSessionDescription | RTCSessionDescriptionInit | null;
  setLocalDescription(): Promise<void>;
  setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void>;
  addIceCandidate(candidate: RTCIceCandidateInit): Promise<void>;
}

/** Where descriptions go, and what happens on the way. */
export interface NegotiationHooks {
  send(description: RTCSessionDescriptionInit): void;
  /** An offer was taken and no answer made yet: the moment to hang own tracks on its lines. */
  beforeAnswer(): void;
  /** The browser refused something; the call may still go on. */
  problem(error: unknown): void;
}

/** More candidates than any description has, that came before theirs. */
const MOST_EARLY = 100;

/**
 * Perfect negotiation in the three-flag form of the WebRTC specification
 * (https://www.w3.org/TR/webrtc/#perfect-negotiation-example): either side may offer at any time;
 * when two offers cross, the polite side takes back its own.
 *
 * Beyond that form, candidates may come before the description that they belong to, and an offer twice.
 */
export class Negotiation {
  #makingOffer = false;
  #ignoreOffer = false;
  #isSettingRemoteAnswerPending = false;
  /** The offer that is being answered. */
  #underWay: string | null = null;
  #early: RTCIceCandidateInit[] = [];
  readonly #pc: Negotiable;
  readonly #polite: boolean;
  readonly #hooks: NegotiationHooks;

  constructor(pc: Negotiable, polite: boolean, hooks: NegotiationHooks) {
    this.#pc = pc;
    this.#polite = polite;
    this.#hooks = hooks;
  }

  /** To be called on the connection's `negotiationneeded`. */
  async needed(): Promise<void> {
    try {
      this.#makingOffer = true;
      await this.#pc.setLocalDescription();
      this.#sendLocal();
    } catch (error) {
      this.#hooks.problem(error);
    } finally {
      this.#makingOffer = false;
    }
  }

  /** Sends the own offer again that has no answer yet; `false` if there is none. */
  repeat(): boolean {
    const waits = this.#pc.signalingState === 'have-local-offer';
    if (waits) this.#sendLocal();
    return waits;
  }

  /** Takes an offer or an answer of the other side. */
  async description(description: RTCSessionDescriptionInit): Promise<void> {
    const pc = this.#pc;
    const origin = originOf(description);
    if (origin !== '' && this.#hasComeBefore(description.type, origin)) return;
    const readyForOffer =
      !this.#makingOffer && (pc.signalingState === 'stable' || this.#isSettingRemoteAnswerPending);
    const collision = description.type === 'offer' && !readyForOffer;
    this.#ignoreOffer = !this.#polite && collision;
    if (this.#ignoreOffer) return;
    if (description.type === 'offer') this.#underWay = origin;
    try {
      this.#isSettingRemoteAnswerPending = description.type === 'answer';
      try {
        // An offer that crosses an own one rolls that one back here.
        await pc.setRemoteDescription(description);
      } finally {
        this.#isSettingRemoteAnswerPending = false;
      }
      this.#flush();
      if (description.type === 'offer') await this.#answer();
    } catch (error) {
      this.#hooks.problem(error);
    } finally {
      if (this.#underWay === origin) this.#underWay = null;
    }
  }

  /**
   * Whether a description was sent again, because the other side could not know that it had arrived. An offer
   * whose answer has been given is answered by the same once more.
   */
  #hasComeBefore(type: RTCSdpType, origin: string): boolean {
    if (origin === this.#underWay) return true;
    const { remoteDescription, localDescription, signalingState } = this.#pc;
    if (!remoteDescription || originOf(remoteDescription) !== origin) return false;
    if (type === 'answer') return true;
    const answered = signalingState === 'stable' && localDescription?.type === 'answer';
    if (answered) this.#sendLocal();
    return answered;
  }

  /** Takes a candidate of the other side. */
  async candidate(candidate: RTCIceCandidateInit): Promise<void> {
    if (!isOf(candidate, this.#pc.remoteDescription)) {
      // Those of an offer that was ignored are dropped with the next description.
      if (this.#early.length < MOST_EARLY) this.#early.push(candidate);
      return;
    }
    try {
      await this.#pc.addIceCandidate(candidate);
    } catch (error) {
      if (!this.#ignoreOffer) this.#hooks.problem(error);
    }
  }

  async #answer(): Promise<void> {
    this.#hooks.beforeAnswer();
    await this.#pc.setLocalDescription();
    this.#sendLocal();
  }

  #flush(): void {
    const early = this.#early.filter((one) => isOf(one, this.#pc.remoteDescription));
    this.#early = [];
    for (const candidate of early) void this.candidate(candidate);
  }

  #sendLocal(): void {
    const local = this.#pc.localDescription;
    if (local) this.#hooks.send({ type: local.type, sdp: local.sdp ?? '' });
  }
}

/** What names a description, whatever candidates it has gained since (RFC 8866 §5.2). */
function originOf({ sdp }: RTCSessionDescriptionInit): string {
  return /^o=.*$/m.exec(sdp ?? '')?.[0] ?? '';
}

/** Whether a candidate belongs to a description, as far as it says to which. */
function isOf(
  { usernameFragment }: RTCIceCandidateInit,
  description: { sdp?: string } | null,
): boolean {
  if (!description) return false;
  const lines = (description.sdp ?? '').split(/\r?\n/);
  return !usernameFragment || lines.includes(`a=ice-ufrag:${usernameFragment}`);
}
