import type { ChatLine } from './chat/log';
import type { FileTransfer } from './files/files';
import type { Device } from './media';
import type { Capabilities } from './protocol';
import type { Code, CodeProblem } from './seal/code';
import type { SealTrouble } from './seal/session';
import type { SettingsSnapshot } from './settings/settings';
import type { SetupTimes } from './setup';
import type { Failure, Phase, ServerLink } from './state';
import type { Statistics } from './statistics/monitor';
import type { Connection, Path } from './stats';

/** Everything that a view shows, as one immutable value. */
export interface CallSnapshot {
  readonly roomId: string;
  /** What the two pages say to each other is sealed with the secret of a link. */
  readonly sealed: boolean;
  /** What is wrong in a sealed call; nothing of it has got through. */
  readonly sealTrouble: SealTrouble | null;
  readonly phase: Phase;
  /** The person has joined and has not hung up. */
  readonly inCall: boolean;
  readonly failure: Failure | null;
  readonly server: ServerLink;
  /** The other person was here and went. */
  readonly peerLeft: boolean;
  /** The server takes no more joins at the moment; it is asked again and again. */
  readonly waitingForSeat: boolean;
  /** While reconnecting: no new path was found for a while. More are tried; joining anew may help. */
  readonly stuck: boolean;
  /** The other person's page has lost the server, and is waited for. */
  readonly peerAway: boolean;
  /** The other person's page has given up its seat without a word; picture and sound go on. */
  readonly peerOffline: boolean;
  readonly microphone: Device;
  readonly camera: Device;
  /** The screen that is shown to the other person. */
  readonly screen: MediaStream | null;
  /** Camera or screen are on, and held back for the time being: the network has room for sound alone. */
  readonly paused: boolean;
  /** The other person has been told that this page records. */
  readonly recording: boolean;
  /** What can be chosen, and what is; `null` until {@link Call.settings} has been fetched. */
  readonly settings: SettingsSnapshot | null;
  readonly remote: RemoteSnapshot;
  /** What the other person's page takes beside picture and sound. */
  readonly takes: { readonly chat: boolean; readonly files: boolean };
  /** What the two have written to each other, in its order. */
  readonly chat: readonly ChatLine[];
  /** Files of both directions, in the order of their offers. */
  readonly files: readonly FileTransfer[];
  /** The connection's safety code, or why there is none; `null` as long as there is nothing to say. */
  readonly code: Code | CodeProblem | null;
  /** While connected; read every second. */
  readonly connection: Connection | null;
  /** How the call is and has been, also after it; `null` before its first reading. */
  readonly statistics: Statistics | null;
  /** Path of the last connection, for after the call. */
  readonly lastPath: Path | null;
  /** How long the last connection took to set up; `null` before there was one. */
  readonly setup: SetupTimes | null;
  /** Start of the talk in milliseconds of `performance.now()`. */
  readonly connectedAt: number | null;
  /** Length of the talks that have ended, in milliseconds. */
  readonly talkedMs: number;
}

/** The other person. */
export interface RemoteSnapshot {
  /** The name that the site of the call gives them, or else that they give themselves; empty without either. */
  readonly name: string;
  readonly stream: MediaStream | null;
  readonly microphone: boolean;
  readonly camera: boolean;
  /** The screen that they show, from the moment on that they do. */
  readonly screen: MediaStream | null;
  /** Their page records. */
  readonly recording: boolean;
  /** Their camera or screen are on, and held back for the time being: the network has room for their sound alone. */
  readonly paused: boolean;
  /** What their page can do; empty for a plain client. */
  readonly capabilities: Capabilities;
  /** They have asked for less data: their pictures and the own ones are small. */
  readonly lowData: boolean;
}
