/** A video call for two, without a view: subscribe to a {@link Call} and show its snapshot. */
export type { Beside } from './beside/beside';
export { Call } from './call';
export type { ChatLine, Delivery, Unsayable } from './chat/log';
export type { ChoiceStore, Choices, Chosen } from './choices';
export {
  browserDevices,
  type DeviceAccess,
  type DeviceInfo,
  type Kind,
  type Problem,
} from './devices';
export type { FileTransfer } from './files/files';
export type { Destination, NoPlace, Saver } from './files/save';
export type { TransferEnd, TransferState } from './files/transfer';
export type { Device } from './media';
export { browserNetwork, type NetworkWatch } from './network';
export type { CallOptions, ResumeStore } from './options';
export { type Capabilities, MAX_ROOM_NAME } from './protocol';
export { type Format, recordingFormat } from './recording/format';
export type { Drawn } from './recording/layout';
export { Recording, type RecordingOptions } from './recording/recording';
export { fileSink, memorySink, type Sink, type Writable } from './recording/sink';
export { canShareScreen, type Shared, shareScreen } from './screen';
export type { Code, CodeProblem } from './seal/code';
export { deriveRoom, type RoomKeys } from './seal/keys';
export { newSecret, readSecret } from './seal/secret';
export type { SealTrouble } from './seal/session';
export type { DeviceOption, Settings, SettingsSnapshot } from './settings/settings';
export type { SetupTimes } from './setup';
export {
  type Overload,
  type Signalling,
  type SignallingHandler,
  socketSignalling,
} from './signalling';
export type { CallSnapshot, RemoteSnapshot } from './snapshot';
export type { Failure, Phase, ServerLink } from './state';
export { exportStatistics, type StatisticsFile } from './statistics/export';
export type { Reach } from './statistics/loop';
export type { Statistics } from './statistics/monitor';
export type { Codecs, End, Route } from './statistics/route';
export type { Limitation, Sample, Size } from './statistics/sample';
export type { Pictures } from './statistics/sound-first';
export { type Summary, worstOf } from './statistics/summary';
export type { QualityReport, Trouble } from './statistics/trouble';
export type { Connection, Path } from './stats';
export { listenForVoice } from './voice';
