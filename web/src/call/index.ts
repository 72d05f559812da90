/** A video call for two, without a view: subscribe to a {@link Call} and show its snapshot. */
export { Call } from './call';
export type { ChoiceStore, Choices, Chosen } from './choices';
export {
  browserDevices,
  type DeviceAccess,
  type DeviceInfo,
  type Kind,
  type Problem,
} from './devices';
export type { Device } from './media';
export { browserNetwork, type NetworkWatch } from './network';
export type { CallOptions, ResumeStore } from './options';
export { MAX_ROOM_NAME } from './protocol';
export type { Code, CodeProblem } from './seal/code';
export { deriveRoom, type RoomKeys } from './seal/keys';
export { newSecret, readSecret } from './seal/secret';
export type { SealTrouble } from './seal/session';
export type { DeviceOption, Settings, SettingsSnapshot } from './settings/settings';
export type { SetupTimes } from './setup';
export { type Signalling, type SignallingHandler, socketSignalling } from './signalling';
export type { CallSnapshot, RemoteSnapshot } from './snapshot';
export type { Failure, Phase, ServerLink } from './state';
export type { Connection, Path } from './stats';
