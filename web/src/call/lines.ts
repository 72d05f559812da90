import type { Kind } from './devices';

/** What a connection has lines for. Those of screens are made when the first one is shown. */
export type Line = Kind | 'screen' | 'screenSound';

/** All lines: the first of each medium belongs to the devices, the second to screens. */
export const LINES = ['microphone', 'camera', 'screenSound', 'screen'] as const;

/** What goes over each. */
export const MEDIA: Record<Line, 'audio' | 'video'> = {
  microphone: 'audio',
  camera: 'video',
  screenSound: 'audio',
  screen: 'video',
};
