/** The page in a frame of another site: it tells the site how the call goes, and does what the site orders. */
import type { Call, CallSnapshot } from '../../call';
import type { Command, EmbedState, Told, Versioned } from '../../embed/messages';

/** Says something to the site; `origin`: only to pages of that one. */
export type Post = (message: Versioned<Told>, origin: string) => void;

const NO_CALL: EmbedState = {
  phase: 'start',
  failure: null,
  microphone: false,
  camera: false,
  theirMicrophone: false,
  theirCamera: false,
  path: null,
  talkedMs: 0,
};

/**
 * The framed page's side. Which sites may frame the page is the server's to say, and the browser's to see to; of
 * what the site says, the first command says which origin it has, and no other is listened to.
 */
export class Frame {
  readonly #post: Post;
  #site: string | null = null;
  #call: Call | null = null;
  #last = '';
  /** Orders for a call that is not there yet. */
  #early: Command[] = [];

  /** Tells whoever is around it that it listens. */
  constructor(post: Post) {
    this.#post = post;
    post({ twocan: 1, event: 'ready' }, '*');
  }

  /** Speaks of this call, until the returned function is called. */
  attend(call: Call): () => void {
    this.#call = call;
    const unsubscribe = call.subscribe(() => this.#tell());
    for (const command of this.#early.splice(0)) this.#obey(command);
    this.#tell();
    return () => {
      unsubscribe();
      this.#call = null;
      this.#tell();
    };
  }

  /** Takes a message that the page around it has sent. */
  hear(origin: string, data: unknown): void {
    if (typeof data !== 'object' || data === null || !('twocan' in data)) return;
    this.#site ??= origin;
    if (origin !== this.#site) return;
    const command = readCommand(data);
    if (typeof command === 'string') this.#say({ event: 'refused', message: command });
    else this.#obey(command);
  }

  #obey(command: Command): void {
    const call = this.#call;
    if (command.command === 'hello') {
      this.#last = '';
      this.#tell();
    } else if (!call) {
      this.#early.push(command);
    } else if (command.command === 'join') {
      call.join();
    } else if (command.command === 'leave') {
      call.leave();
    } else {
      void call.setDevice(command.command, command.on);
    }
  }

  #tell(): void {
    const state = this.#call ? stateOf(this.#call.snapshot) : NO_CALL;
    const text = JSON.stringify(state);
    if (this.#site === null || text === this.#last) return;
    this.#last = text;
    this.#say({ event: 'state', state });
  }

  #say(told: Told): void {
    if (this.#site !== null) this.#post({ twocan: 1, ...told }, this.#site);
  }
}

/** A command, or what is wrong with it. */
function readCommand(data: object): Command | string {
  const { twocan, command, on } = data as Record<string, unknown>;
  if (twocan !== 1) return 'This page speaks version 1: send {twocan: 1, command: …}.';
  switch (command) {
    case 'hello':
    case 'join':
    case 'leave':
      return { command };
    case 'microphone':
    case 'camera':
      if (typeof on === 'boolean') return { command, on };
      return `The command '${command}' needs 'on', which is true or false.`;
    default:
      return `There is no command '${command}'. There are hello, join, leave, microphone and camera.`;
  }
}

/** What of a call a site is told: nothing by which the call could be joined, or the people be known. */
function stateOf(snapshot: CallSnapshot): EmbedState {
  const { phase, failure, microphone, camera, remote, connection, talkedMs } = snapshot;
  const together = phase === 'connected' || phase === 'reconnecting';
  return {
    phase,
    failure,
    microphone: microphone.wanted && microphone.track !== null,
    camera: camera.wanted && camera.track !== null,
    theirMicrophone: together && remote.microphone,
    theirCamera: together && remote.camera,
    path: connection?.path ?? null,
    talkedMs: Math.round(talkedMs),
  };
}
