import { describe, expect, it } from 'vitest';
import { type Kind, openDevices, problemOf } from './devices';
import { machine } from './testing/machine';

const BOTH: Kind[] = ['microphone', 'camera'];

describe('opening devices', () => {
  it('asks once when both are there', async () => {
    const { access, asked } = machine({});
    const opened = await openDevices(access, BOTH);
    expect(asked).toEqual(['microphone+camera']);
    expect(opened).toMatchObject({ microphone: { kind: 'audio' }, camera: { kind: 'video' } });
  });

  it.each([
    ['NotFoundError', 'missing'],
    ['NotReadableError', 'busy'],
  ] as const)('goes on with the microphone alone on a camera’s %s', async (name, problem) => {
    const { access, asked } = machine({ camera: name });
    const opened = await openDevices(access, BOTH);
    expect(asked).toEqual(['microphone+camera', 'microphone', 'camera']);
    expect(opened).toMatchObject({ microphone: { kind: 'audio' }, camera: problem });
  });

  it('goes on with the camera alone without a microphone', async () => {
    const { access } = machine({ microphone: 'NotFoundError' });
    expect(await openDevices(access, BOTH)).toMatchObject({
      microphone: 'missing',
      camera: { kind: 'video' },
    });
  });

  it('tells each reason when both fail differently', async () => {
    const { access } = machine({ microphone: 'NotFoundError', camera: 'NotReadableError' });
    expect(await openDevices(access, BOTH)).toEqual({ microphone: 'missing', camera: 'busy' });
  });

  it('does not ask again when the permission was refused', async () => {
    const refused = { microphone: 'NotAllowedError', camera: 'NotAllowedError' };
    const { access, asked } = machine(refused);
    expect(await openDevices(access, BOTH)).toEqual({ microphone: 'denied', camera: 'denied' });
    expect(asked).toEqual(['microphone+camera']);
  });

  it('opens what is allowed when the other permission is refused', async () => {
    const { access, asked } = machine({ camera: 'NotAllowedError' }, { microphone: 'granted' });
    expect(await openDevices(access, BOTH)).toMatchObject({
      microphone: { kind: 'audio' },
      camera: 'denied',
    });
    expect(asked).toEqual(['microphone+camera', 'microphone']);
  });

  it('takes the next camera when another program holds the first', async () => {
    const { access, asked, list, taken } = machine({ camera: 'NotReadableError' });
    list.push('one', 'two', 'three');
    taken.add('one');
    expect(await openDevices(access, ['camera'])).toMatchObject({ camera: { label: 'two' } });
    expect(asked).toEqual(['camera', 'camera one', 'camera two']);
  });

  it('takes the default in place of a chosen camera that has gone, and the chosen microphone', async () => {
    const { access, list } = machine({});
    list.push('mine');
    const camera = { id: 'gone', label: 'gone' };
    const microphone = { id: 'mine', label: 'mine' };
    expect(await openDevices(access, BOTH, { camera, microphone })).toMatchObject({
      camera: { label: 'the first' },
      microphone: { label: 'mine' },
    });
  });

  it('says that a camera is taken when every other one is taken as well, or there is none', async () => {
    const { access, asked, list, taken } = machine({ camera: 'NotReadableError' });
    list.push('one', 'two');
    taken.add('one').add('two');
    expect(await openDevices(access, ['camera'])).toEqual({ camera: 'busy' });
    expect(asked).toEqual(['camera', 'camera one', 'camera two']);
    list.pop();
    expect(await openDevices(access, ['camera'])).toEqual({ camera: 'busy' });
    expect(asked).toHaveLength(4);
  });

  it('knows an insecure page', async () => {
    const { getUserMedia: _, ...access } = machine({}).access;
    expect(await openDevices(access, ['camera'])).toEqual({ camera: 'insecure' });
  });

  it.each([
    ['NotAllowedError', 'denied'],
    ['SecurityError', 'denied'],
    ['NotFoundError', 'missing'],
    ['OverconstrainedError', 'missing'],
    ['NotReadableError', 'busy'],
    ['AbortError', 'busy'],
  ])('calls %s %s', (name, problem) => {
    expect(problemOf(new DOMException('', name))).toBe(problem);
  });
});
