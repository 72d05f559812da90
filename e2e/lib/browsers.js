// Browsers with made-up cameras, ready for calls on loopback, and one person's page in one of them.
import { after } from 'node:test';
import puppeteer from 'puppeteer-core';

const CHROMIUM = process.env.CHROMIUM || '/usr/bin/chromium';
const FIREFOX = process.env.FIREFOX || '/usr/bin/firefox-esr';
const LAUNCH_DEADLINE = 30_000;

/**
 * Starts Chromium.
 * - `devices`: 'fake' (granted), 'ask' (fake devices, the permission is left to the page's context) or 'none'
 * - `lang`: the browser's language
 * - `anyCertificate`: take certificates that nobody signed
 * - `secureOrigin`: an `http:` origin to be treated like `https:`
 * - `host`: a name that leads to this computer
 * - `wrap`: turns the browser's path into that of a script that starts it elsewhere
 */
export async function chromium({
  devices = 'fake',
  lang = 'en-US',
  anyCertificate = false,
  secureOrigin,
  host,
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
  if (devices !== 'none') args.push('--use-fake-device-for-media-stream');
  if (devices === 'fake') args.push('--use-fake-ui-for-media-stream');
  // The option of the driver is for pages alone; the relay over TLS needs the browser's own.
  if (anyCertificate) args.push('--ignore-certificate-errors');
  if (secureOrigin) args.push(`--unsafely-treat-insecure-origin-as-secure=${secureOrigin}`);
  if (host) args.push(`--host-resolver-rules=MAP ${host} 127.0.0.1`);
  return puppeteer.launch({
    executablePath: wrap ? await wrap(CHROMIUM) : CHROMIUM,
    headless: true,
    acceptInsecureCerts: anyCertificate,
    // A pipe reaches into a network namespace; a debugging port would not.
    pipe: true,
    timeout: LAUNCH_DEADLINE,
    args,
  });
}

/** Starts Firefox. `anyCertificate`: take certificates that nobody signed. */
export async function firefox({ anyCertificate = false } = {}) {
  return puppeteer.launch({
    browser: 'firefox',
    executablePath: FIREFOX,
    headless: true,
    acceptInsecureCerts: anyCertificate,
    timeout: LAUNCH_DEADLINE,
    extraPrefsFirefox: {
      'media.navigator.streams.fake': true,
      'media.navigator.permission.disabled': true,
      'media.peerconnection.ice.loopback': true,
      'media.peerconnection.ice.obfuscate_host_addresses': false,
      'media.autoplay.default': 0,
      'intl.accept_languages': 'en-US',
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
