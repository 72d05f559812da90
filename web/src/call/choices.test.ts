import { expect, it } from 'vitest';
import { constraintsFor } from './choices';

it('asks for a camera that looks at the person, unless one was chosen', () => {
  expect(constraintsFor({}).camera).toEqual({ width: 1280, height: 720, facingMode: 'user' });
  const camera = { id: 'c', label: 'Lid' };
  expect(constraintsFor({ camera }).camera).toEqual({
    width: 1280,
    height: 720,
    deviceId: { exact: 'c' },
  });
});

it('asks for the size and the rate that were chosen', () => {
  expect(constraintsFor({ height: 360, rate: 15 }).camera).toMatchObject({
    width: 640,
    height: 360,
    frameRate: 15,
  });
});

it('asks for a chosen microphone with all that makes a voice clear', () => {
  const { microphone } = constraintsFor({ microphone: { id: 'm', label: 'Desk' } });
  expect(microphone).toMatchObject({ deviceId: { exact: 'm' }, echoCancellation: true });
});
