/**
 * Builds the library `@twocan/call` from src/call: modules and types, as they are published. The folder is
 * `dist-call`, or the one given.
 */
import { execFileSync } from 'node:child_process';
import { copyFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';

const web = join(import.meta.dirname, '..');
const source = join(web, 'src/call');
const out = resolve(process.argv[2] ?? join(web, 'dist-call'));
const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));

await rm(out, { recursive: true, force: true });
const compiler = join(typescript, 'bin/tsc');
const settings = ['-p', join(web, 'tsconfig.call.json'), '--outDir', out];
execFileSync(process.execPath, [compiler, ...settings], { stdio: 'inherit' });

// Node and browsers look for a file of exactly the name that an import says.
const modules = await readdir(out, { recursive: true });
for (const name of modules.filter((one) => one.endsWith('.ts') || one.endsWith('.js'))) {
  const full = (specifier) => {
    const path = join(dirname(name), specifier);
    return modules.includes(`${path}.js`) ? `${specifier}.js` : `${specifier}/index.js`;
  };
  const text = await readFile(join(out, name), 'utf8');
  const whole = text.replace(
    /( from |import\()'(\.[^']*)'/g,
    (_, before, to) => `${before}'${full(to)}'`,
  );
  await writeFile(join(out, name), whole);
}
await copyFile(join(import.meta.dirname, 'call.package.json'), join(out, 'package.json'));
await copyFile(join(source, 'README.md'), join(out, 'README.md'));
for (const name of ['LICENSE-APACHE', 'LICENSE-MIT'])
  await copyFile(join(web, '..', name), join(out, name));
