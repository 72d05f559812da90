/** A data channel without a browser: what is sent on it is kept, and it ends when it is told to. */
export class FakeChannel {
  readonly label: string;
  readyState: RTCDataChannelState = 'connecting';
  bufferedAmount = 0;
  bufferedAmountLowThreshold = 0;
  binaryType = 'blob';
  sent: unknown[] = [];
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onbufferedamountlow: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;

  constructor(label: string) {
    this.label = label;
  }

  /** As those who use it know it. */
  get asChannel(): RTCDataChannel {
    return this as unknown as RTCDataChannel;
  }

  /** All texts that were sent on it, opened. */
  get said(): Record<string, unknown>[] {
    return this.sent.filter((one) => typeof one === 'string').map((text) => JSON.parse(text));
  }

  open(): void {
    this.readyState = 'open';
    this.onopen?.();
  }

  send(data: unknown): void {
    if (this.readyState !== 'open') throw new DOMException('', 'InvalidStateError');
    this.sent.push(data);
  }

  /** It ends by itself, as when the other side closes it. */
  end(): void {
    this.readyState = 'closed';
    this.onclose?.();
  }

  close(): void {
    this.readyState = 'closed';
  }
}
