// A certificate in files, as an operator has one.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { run } from './process.js';

const P256 = ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];

/**
 * Makes a certificate for `name` for the length of a test; returns `{cert, key, make}`, `make` for a new one there.
 * `newKey` says to openssl what key it has.
 */
export async function certificate(s, name, newKey = P256) {
  const folder = await mkdtemp(path.join(tmpdir(), 'twocan-e2e-tls-'));
  s.own(folder, () => rm(folder, { recursive: true }));
  const [cert, key] = ['cert.pem', 'key.pem'].map((file) => path.join(folder, file));
  const make = async (commonName) => {
    const kind = ['-x509', '-newkey', ...newKey, '-nodes', '-days', '2'];
    const args = ['req', ...kind, '-subj', `/CN=${commonName}`, '-keyout', key, '-out', cert];
    const { code, output } = await run('openssl', args);
    if (code !== 0) throw new Error(`openssl made no certificate: ${output}`);
  };
  await make(name);
  return { cert, key, make };
}
