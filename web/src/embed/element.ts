/**
 * The element `<twocan-call>`, which a site loads from the server as `/embed.js`: a frame with the server's page,
 * and a voice to it. Imports nothing, so that it is one small file.
 */
import type { Command, EmbedState, Told, Versioned } from './messages';

/** What the page in the frame may ask the browser for; unknown names are passed over. */
const ALLOWED = [
  'camera',
  'microphone',
  'display-capture',
  'autoplay',
  'fullscreen',
  'picture-in-picture',
  'speaker-selection',
  'screen-wake-lock',
  'clipboard-write',
];
/** A page that loads says so within this time (ms), or is not there. */
const SILENCE_MS = 10_000;

const style = new CSSStyleSheet();
style.replaceSync(
  ':host{display:block;min-height:480px}:host([hidden]){display:none}' +
    'iframe{display:block;width:100%;height:100%;min-height:inherit;border:0;border-radius:inherit}',
);

class TwocanCall extends HTMLElement {
  static observedAttributes = ['room', 'secret', 'link', 'server', 'token', 'lang'];

  #frame: HTMLIFrameElement | null = null;
  #origin = '';
  #ready = false;
  #waiting: Command[] = [];
  #state: EmbedState | null = null;
  #renewing = false;
  #silence = 0;

  constructor() {
    super();
    this.attachShadow({ mode: 'open' }).adoptedStyleSheets = [style];
  }

  /** The call as it was told last; `null` before the page is there. */
  get state(): EmbedState | null {
    return this.#state;
  }

  /** Joins, with what camera and microphone the person allows. */
  join(): void {
    this.#order({ command: 'join' });
  }

  /** Hangs up. */
  leave(): void {
    this.#order({ command: 'leave' });
  }

  /** Switches the own microphone on or off. */
  setMicrophone(on: boolean): void {
    this.#order({ command: 'microphone', on });
  }

  /** Switches the own camera on or off. */
  setCamera(on: boolean): void {
    this.#order({ command: 'camera', on });
  }

  connectedCallback(): void {
    addEventListener('message', this.#hear);
    this.#renew();
  }

  disconnectedCallback(): void {
    removeEventListener('message', this.#hear);
    this.#drop();
  }

  /** Another room is another page; several attributes that change at once make one. */
  attributeChangedCallback(): void {
    if (this.#frame) this.#renew();
  }

  #renew(): void {
    if (this.#renewing) return;
    this.#renewing = true;
    queueMicrotask(() => {
      this.#renewing = false;
      this.#drop();
      if (this.isConnected) this.#load();
    });
  }

  #load(): void {
    const url = this.#address();
    this.#origin = url.origin;
    if (this.hasAttribute('autojoin')) this.#waiting.push({ command: 'join' });
    const frame = document.createElement('iframe');
    frame.allow = ALLOWED.join('; ');
    frame.title = this.getAttribute('title') ?? 'twocan';
    // The server tells a site that it does not allow what to do, and must know for that which one it is.
    frame.referrerPolicy = 'origin';
    frame.src = url.href;
    this.#silence = window.setTimeout(() => this.#tell('silent'), SILENCE_MS);
    this.#frame = frame;
    this.shadowRoot?.replaceChildren(frame);
  }

  #drop(): void {
    clearTimeout(this.#silence);
    this.#frame?.remove();
    this.#frame = null;
    this.#ready = false;
    this.#state = null;
    this.#waiting = [];
  }

  /** Address of the page. What is behind the `#` no server is told. */
  #address(): URL {
    const of = (name: string) => this.getAttribute(name);
    const server = of('server') ?? import.meta.url;
    const url = new URL(of('link') ?? '/', new URL(server, location.href));
    const room = of('room');
    if (room !== null) url.pathname = `/r/${encodeURIComponent(room)}`;
    const behind = [of('secret') ?? url.hash.slice(1)].filter(Boolean);
    for (const name of ['token', 'lang']) {
      const value = of(name);
      if (value) behind.push(`${name}=${encodeURIComponent(value)}`);
    }
    url.hash = behind.join('&');
    return url;
  }

  #order(command: Command): void {
    if (this.#ready) this.#post(command);
    else this.#waiting.push(command);
  }

  #post(command: Command): void {
    const message: Versioned<Command> = { twocan: 1, ...command };
    this.#frame?.contentWindow?.postMessage(message, this.#origin);
  }

  #hear = ({ source, origin, data }: MessageEvent): void => {
    if (!this.#frame || source !== this.#frame.contentWindow || origin !== this.#origin) return;
    if (data?.twocan !== 1) return;
    const told: Told = data;
    if (told.event === 'ready') {
      clearTimeout(this.#silence);
      this.#ready = true;
      this.#post({ command: 'hello' });
      for (const command of this.#waiting.splice(0)) this.#post(command);
      this.#tell('ready');
    } else if (told.event === 'state') {
      this.#take(told.state);
    } else if (told.event === 'refused') {
      console.warn(`<twocan-call>: ${told.message}`);
    }
  };

  #take(state: EmbedState): void {
    const before = this.#state;
    this.#state = state;
    this.#tell('state');
    if (before?.phase === state.phase) return;
    if (isSeated(state) && !(before && isSeated(before))) this.#tell('joined');
    this.#tell(state.phase);
  }

  #tell(type: string): void {
    this.dispatchEvent(new CustomEvent(type, { detail: this.#state }));
  }
}

function isSeated({ phase }: EmbedState): boolean {
  return ['waiting', 'connecting', 'connected', 'reconnecting'].includes(phase);
}

if (!customElements.get('twocan-call')) customElements.define('twocan-call', TwocanCall);
