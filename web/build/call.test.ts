import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { version } from '../package.json';

const web = join(import.meta.dirname, '..');
/** Where the package finds what it depends on, as an installed one does. */
const out = join(web, 'node_modules/.twocan-call');
const compiler = join(
  dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
  'bin/tsc',
);

const CONSUMER = `
import { Call, type CallSnapshot, deriveRoom, socketSignalling } from './index.js';
const call = new Call({ roomId: 'tea', signalling: socketSignalling('tea', 'https://call.example') });
const snapshot: CallSnapshot = call.snapshot;
new Call({ keys: await deriveRoom(new Uint8Array(18)) });
const phase: 'lobby' | undefined = snapshot.phase === 'lobby' ? snapshot.phase : undefined;
// @ts-expect-error: there is no such phase
const none = snapshot.phase === 'nowhere';
export { none, phase };
`;

it('builds a package that Node imports and TypeScript knows', { timeout: 60_000 }, async () => {
  const node = (...args: string[]) => execFileSync(process.execPath, args, { encoding: 'utf8' });
  node(join(web, 'build/call.js'), out);

  const index = pathToFileURL(join(out, 'index.js')).href;
  const names = node(
    '-e',
    `import('${index}').then((all) => console.log(Object.keys(all).join()))`,
  );
  expect(names.trim().split(',')).toEqual([
    'Call',
    'MAX_ROOM_NAME',
    'Recording',
    'browserDevices',
    'browserNetwork',
    'canShareScreen',
    'deriveRoom',
    'exportStatistics',
    'fileSink',
    'listenForVoice',
    'memorySink',
    'newSecret',
    'readSecret',
    'recordingFormat',
    'shareScreen',
    'socketSignalling',
    'worstOf',
  ]);

  // Also what is loaded later is found by its name.
  expect(await readFile(join(out, 'link.js'), 'utf8')).toContain("import('./seal/agreement.js')");

  await writeFile(join(out, 'consumer.mts'), CONSUMER);
  const strict = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2022'];
  node(compiler, ...strict, '--ignoreConfig', join(out, 'consumer.mts'));

  const { version: own, dependencies } = JSON.parse(
    await readFile(join(out, 'package.json'), 'utf8'),
  );
  expect(own).toBe(version);
  expect(Object.keys(dependencies)).toEqual(['socket.io-client']);
});
