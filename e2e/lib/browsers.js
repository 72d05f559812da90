// Browsers with made-up cameras, ready for calls on loopback, and one person's page in one of them.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import puppeteer from 'puppeteer-core';

const CHROMIUM = process.env.CHROMIUM || '/usr/bin/chromium';
const FIREFOX = process.env.FIREFOX || '/usr/bin/firefox-esr';
const LAUNCH_DEADLINE = 30_000;
/** How Chromium writes down that something is allowed to no site. */
const BLOCKED = 2;

/**
 * Starts Chromium.
 * - `devices`: 'fake' (granted), 'ask' (fake devices, the permission is left to the page's context) or 'none'
 * - `fakeDevices`: how many cameras there are to choose from
 * - `lang`: the browser's language
 * - `anyCertificate`: take certificates that nobody signed
 * - `secureOrigin`: an `http:` origin to be treated like `https:`
 * - `host`: a name that leads to this computer
 * - `storage`: 'none' where the person lets no page keep anything
 * - `wrap`: turns the browser's path into that of a script that starts it elsewhere
 */
export async function chromium({
  devices = 'fake',
  fakeDevices = 1,
  lang = 'en-US',
  anyCertificate = false,
  secureOrigin,
  host,
  storage,
  wrap,
} = {}) {
  const args = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--allow-loopback-in-peer-connection',
    `--accept-lang=${lang}`,
  ];
  if (devices !== 'none') args.push(`--use-fake-device-for-media-stream=device-count=${fakeDevices}`);
  if (devices === 'fake') args.push('--use-fake-ui-for-media-stream');
  // The option of the driver is for pages alone; the relay over TLS needs the browser's own.
  if (anyCertificate) args.push('--ignore-certificate-errors');
  if (secureOrigin) args.push(`--unsafely-treat-insecure-origin-as-secure=${secureOrigin}`);
  if (host) args.push(`--host-resolver-rules=MAP ${host} 127.0.0.1`);
  const userDataDir = storage === 'none' ? await profile({ cookies: BLOCKED }) : undefined;
  const browser = await puppeteer.launch({
    executablePath: wrap ? await wrap(CHROMIUM) : CHROMIUM,
    userDataDir,
    headless: true,
    acceptInsecureCerts: anyCertificate,
    // A pipe reaches into a network namespace; a debugging port would not.
    pipe: true,
    timeout: LAUNCH_DEADLINE,
    args,
  });
  // The browser may write its last word meanwhile.
  const tidy = () => rm(userDataDir, { recursive: true, force: true, maxRetries: 5 });
  if (userDataDir) browser.on('disconnected', () => void tidy());
  return browser;
}

/** A new profile of Chromium with these settings for all sites. */
async function profile(settings) {
  const folder = await mkdtemp(path.join(tmpdir(), 'twocan-profile-'));
  await mkdir(path.join(folder, 'Default'));
  const preferences = { profile: { default_content_setting_values: settings } };
  await writeFile(path.join(folder, 'Default', 'Preferences'), JSON.stringify(preferences));
  return folder;
}

/**
 * Starts Firefox. Options:
 * - `anyCertificate`: take certificates that nobody signed
 * - `downloads`: the folder for what is saved
 * - `sound`: where it plays its sound, of `soundCard`; without one it mixes none
 */
export async function firefox({ anyCertificate = false, downloads, sound } = {}) {
  return puppeteer.launch({
    browser: 'firefox',
    executablePath: FIREFOX,
    headless: true,
    env: { ...process.env, ...(sound && { PULSE_SERVER: sound }) },
    acceptInsecureCerts: anyCertificate,
    timeout: LAUNCH_DEADLINE,
    extraPrefsFirefox: {
      'media.navigator.streams.fake': true,
      'media.navigator.permission.disabled': true,
      'media.peerconnection.ice.loopback': true,
      'media.peerconnection.ice.obfuscate_host_addresses': false,
      'media.autoplay.default': 0,
      'intl.accept_languages': 'en-US',
      ...(downloads && { 'browser.download.folderList': 2, 'browser.download.dir': downloads }),
    },
  });
}

/**
 * The browsers of a test file: each is started when a test first asks for it, and all are closed after the last test.
 * Every person gets storage of their own in them.
 */
export function browsers() {
  const started = new Map();
  const once = (name, launch) => () => {
    if (!started.has(name)) started.set(name, launch());
    return started.get(name);
  };
  after(async () => {
    const results = await Promise.allSettled(started.values());
    await Promise.all(results.filter((result) => result.status === 'fulfilled').map((result) => result.value.close()));
  });
  return {
    chromium: once('chromium', () => chromium()),
    secondChromium: once('second chromium', () => chromium()),
    firefox: once('firefox', () => firefox()),
    /** A Chromium with other options than the usual. */
    chromiumWith: (options) => once(JSON.stringify(options), () => chromium(options))(),
    /** A Firefox that takes any certificate. */
    trustingFirefox: once('trusting firefox', () => firefox({ anyCertificate: true })),
  };
}
