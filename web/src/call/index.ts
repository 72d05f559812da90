/** A video call for two, without a view: subscribe to a {@link Call} and show its snapshot. */
export { Call, type CallOptions, type ResumeStore } from './call';
export { browserDevices, type DeviceAccess, type Kind, type Problem } from './devices';
export type { Device } from './media';
export { browserNetwork, type NetworkWatch } from './network';
export { MAX_ROOM_NAME } from './protocol';
export type { SetupTimes } from './setup';
export { type Signalling, type SignallingHandler, socketSignalling } from './signalling';
export type { CallSnapshot, RemoteSnapshot } from './snapshot';
export type { Failure, Phase, ServerLink } from './state';
export type { Connection, Path } from './stats';
