// A sound card that plays to nobody: Firefox mixes no sounds on a computer that has none.
import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Program } from './process.js';
import { until } from './wait.js';

const START_DEADLINE = 10_000;

/** Starts PulseAudio without hardware for the length of a test; returns what a browser finds it by. */
export async function soundCard(s) {
  const folder = await mkdtemp(path.join(tmpdir(), 'twocan-sound-'));
  s.own(folder, () => rm(folder, { recursive: true, force: true }));
  const socket = path.join(folder, 'socket');
  const modules = [`module-native-protocol-unix socket=${socket} auth-anonymous=1`, 'module-null-sink'];
  const options = ['-n', '--daemonize=no', '--use-pid-file=no', '--exit-idle-time=-1', '--disable-shm=yes'];
  const args = [...options, ...modules.flatMap((module) => ['--load', module])];
  const env = { HOME: folder, XDG_RUNTIME_DIR: folder };
  s.program(new Program('pulseaudio', 'pulseaudio', args, { env }));
  await until('the sound card', START_DEADLINE, () =>
    access(socket).then(
      () => true,
      () => false,
    ),
  );
  return `unix:${socket}`;
}
