/** Chromium as the screenshots need it: fake cameras, permissions answered, any language. */
import puppeteer from 'puppeteer-core';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--allow-loopback-in-peer-connection',
  '--hide-scrollbars',
];

/** A name as a real server has one; Chromium finds it on this machine and trusts it like https. */
export const PUBLIC_HOST = 'call.example.org';
/** Another one, which it does not trust. */
export const INSECURE_HOST = 'plain.example.org';
const publicly = (ports) => [
  '--host-resolver-rules=MAP *.example.org 127.0.0.1',
  `--unsafely-treat-insecure-origin-as-secure=${ports.map((port) => `http://${PUBLIC_HOST}:${port}`)}`,
];

/** Flags for what the person has and does. */
export const WITH_CAMERA = (film) => [
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  ...(film ? [`--use-file-for-fake-video-capture=${film}`] : []),
];
export const REFUSING = ['--use-fake-device-for-media-stream', '--deny-permission-prompts'];
export const WITHOUT_DEVICES = ['--use-fake-ui-for-media-stream'];

/** Starts Chromium, for a server on any of these ports, from `CHROMIUM` or where Debian puts it. */
export function launch(ports, flags = []) {
  return puppeteer.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: [...FLAGS, ...publicly(ports), ...flags],
  });
}

/** A page of its own profile, in a language. Errors of the page end the run. */
export async function openPage(browser, language, onProblem) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const cdp = await page.createCDPSession();
  await cdp.send('Emulation.setUserAgentOverride', {
    userAgent: await browser.userAgent(),
    acceptLanguage: language,
  });
  // Made-up devices have the names of files.
  await page.evaluateOnNewDocument(() => {
    const names = {
      videoinput: 'Studio Camera',
      audioinput: 'Desk Microphone',
      audiooutput: 'Desk Speakers',
    };
    const name = (of, label) => Object.defineProperty(of?.prototype ?? {}, 'label', { get: label });
    // Pages that are not secure have no devices.
    name(globalThis.MediaDeviceInfo, function label() {
      return names[this.kind];
    });
    name(globalThis.MediaStreamTrack, function label() {
      return names[`${this.kind}input`];
    });
  });
  page.on('pageerror', (error) => onProblem(`page error: ${error.message}`));
  page.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) onProblem(message.text());
  });
  return page;
}
