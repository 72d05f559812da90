/** How a side reaches the server by UDP: there and back. */
export interface Reach {
  /** Share of the packets that did not come back in time, from 0 to 1. */
  loss: number;
  /** How long the others took, on average (ms). */
  ms: number;
}

const SEND_EVERY_MS = 100;
/** What has not come back after this is lost (ms). */
const BACK_WITHIN_MS = 1_000;
/** As many packets are looked at together, and no fewer than this many. */
const TOGETHER = 50;
const ENOUGH = 20;

/**
 * Packets that go to the server's relay and come back to this page: two connections to each other, both through
 * the relay. The path between two people does not show which end of it is bad. This one has only the own end.
 */
export class Loop {
  readonly #near: RTCPeerConnection;
  readonly #far: RTCPeerConnection;
  readonly #echo = new Echo();
  #sending: ReturnType<typeof setInterval> | undefined;

  /** Opens the way through one relay of `iceServers` that is reached by UDP; without any there is no answer. */
  constructor(iceServers: readonly RTCIceServer[]) {
    const configuration: RTCConfiguration = {
      iceServers: relayOf(iceServers),
      iceTransportPolicy: 'relay',
    };
    this.#near = new RTCPeerConnection(configuration);
    this.#far = new RTCPeerConnection(configuration);
    if (configuration.iceServers?.length === 0) return;
    // Late is lost, as for sound and pictures.
    const channel = this.#near.createDataChannel('', { ordered: false, maxRetransmits: 0 });
    channel.onopen = () => {
      this.#sending = setInterval(() => {
        if (channel.readyState !== 'open') return;
        channel.send(String(this.#echo.call(performance.now())));
      }, SEND_EVERY_MS);
    };
    this.#far.ondatachannel = ({ channel: heard }) => {
      heard.onmessage = ({ data }) => this.#echo.back(Number(data), performance.now());
    };
    for (const [one, other] of [
      [this.#near, this.#far],
      [this.#far, this.#near],
    ] as const) {
      one.onicecandidate = ({ candidate }) => {
        if (candidate) other.addIceCandidate(candidate).catch(unsaid);
      };
    }
    this.#open().catch(unsaid);
  }

  /** As of this moment; `null` before enough packets have gone. */
  get reach(): Reach | null {
    return this.#echo.reach(performance.now());
  }

  close(): void {
    clearInterval(this.#sending);
    this.#near.close();
    this.#far.close();
  }

  async #open(): Promise<void> {
    await this.#near.setLocalDescription();
    await this.#far.setRemoteDescription(this.#near.localDescription as RTCSessionDescription);
    await this.#far.setLocalDescription();
    await this.#near.setRemoteDescription(this.#far.localDescription as RTCSessionDescription);
  }
}

/** What has been called, and what has come back. */
export class Echo {
  #last = 0;
  #calls: { number: number; at: number; took: number | null }[] = [];

  /** Notes a packet that is sent at `now`; the answer is its number. */
  call(now: number): number {
    this.#last += 1;
    this.#calls = [...this.#calls, { number: this.#last, at: now, took: null }].slice(-TOGETHER);
    return this.#last;
  }

  /** Notes that the packet of this number has come back. */
  back(number: number, now: number): void {
    const call = this.#calls.find((one) => one.number === number);
    if (call && now - call.at <= BACK_WITHIN_MS) call.took ??= now - call.at;
  }

  /** What the packets say that are back or overdue. */
  reach(now: number): Reach | null {
    const settled = this.#calls.filter(
      ({ at, took }) => took !== null || now - at > BACK_WITHIN_MS,
    );
    if (settled.length < ENOUGH) return null;
    const times = settled.map(({ took }) => took).filter((took) => took !== null);
    const sum = times.reduce((all, ms) => all + ms, 0);
    return {
      loss: Math.round((1 - times.length / settled.length) * 1_000) / 1_000,
      ms: Math.round(times.length > 0 ? sum / times.length : BACK_WITHIN_MS),
    };
  }
}

/** One relay is enough, and none by TCP, which hides what is lost. */
function relayOf(iceServers: readonly RTCIceServer[]): RTCIceServer[] {
  for (const server of iceServers) {
    const url = [server.urls]
      .flat()
      .find((one) => one.startsWith('turn:') && !one.includes('transport=tcp'));
    if (url) return [{ ...server, urls: [url] }];
  }
  return [];
}

/** A way that cannot be opened tells nothing, and is closed by its owner. */
function unsaid(): void {}
