import type { ChatLine } from './chat/log';
import type { FileTransfer } from './files/files';
import type { Device } from './media';
import type { Code, CodeProblem } from './seal/code';
import type { SealTrouble } from './seal/session';
import type { SetupTimes } from './setup';
import type { Failure, Phase, ServerLink } from './state';
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
  readonly stream: MediaStream | null;
  readonly microphone: boolean;
  readonly camera: boolean;
}
