// One person at a page: presses what has a name, reads what is shown, and knows what arrives from the other one.
import { instrument, receivedSoFar, selectedCandidates } from './instrument.js';
import { until } from './wait.js';

const PRESS_DEADLINE = 10_000;
const STATE_DEADLINE = 20_000;
const MEDIA_DEADLINE = 20_000;

/** How many more pictures, packets and seconds count as 'it moves'. */
const MOVED = { decoded: 15, audio: 15, time: 0.3 };

/**
 * Opens a page for a person in `browser`, with storage of its own. Options:
 * - `relayOnly`, `transport`, `family`: see `instrument`
 * - `refuse`: `{origin}` whose page may not have camera and microphone
 * - `lasting`: a page that is not private, in the storage of the browser itself
 * - `before`: a function that runs in the page before its scripts
 */
export async function openPerson(s, name, browser, { refuse, lasting, before, ...narrow } = {}) {
  const context = lasting ? browser.defaultBrowserContext() : await browser.createBrowserContext();
  if (!lasting) s.own(context);
  if (refuse) await context.overridePermissions(refuse.origin, []);
  const person = await openTab(s, name, context, narrow, before);
  // Others end with their context.
  if (lasting) s.own(person.page);
  return person;
}

/** Opens another tab for the same person: a copy of the first with all that it remembers, or a plain new one. */
export async function openSecondTab(s, person, { copy }) {
  const kept = copy ? await person.page.evaluate(() => Object.entries(sessionStorage)) : [];
  const remember = (entries) => {
    // Once: what this tab itself remembers later is its own.
    if (sessionStorage.length === 0) for (const [key, value] of entries) sessionStorage.setItem(key, value);
  };
  return openTab(s, `${person.name}, in a second tab`, person.page.browserContext(), {}, remember, kept);
}

async function openTab(s, name, context, narrow, before, ...given) {
  const page = await context.newPage();
  page.setDefaultTimeout(PRESS_DEADLINE);
  const person = new Person(name, page);
  s.log(`console of ${name}`, () => person.console);
  s.screen(name, page);
  await page.evaluateOnNewDocument(instrument, narrow);
  if (before) await page.evaluateOnNewDocument(before, ...given);
  return person;
}

export class Person {
  constructor(name, page) {
    this.name = name;
    this.page = page;
    this.theirs = 'video[aria-label="Their picture"]';
    /** Every line of the browser's console. */
    this.console = [];
    /** Those of them that are errors, and uncaught exceptions. */
    this.errors = [];
    page.on('console', (message) => {
      const line = `${message.type()}: ${message.text()} (${message.location()?.url ?? ''})`;
      this.console.push(line);
      if (message.type() === 'error') this.errors.push(line);
    });
    page.on('pageerror', (error) => {
      this.console.push(`uncaught: ${error.stack ?? error}`);
      this.errors.push(`uncaught: ${error.message ?? error}`);
    });
  }

  async visit(url) {
    await this.page.goto(url, { waitUntil: 'domcontentloaded' });
  }

  /** Presses the button of this name. */
  async press(name) {
    await this.page.locator(`::-p-aria([name="${name}"][role="button"])`).click();
  }

  /** Presses a line of the menu of a call. */
  async choose(line) {
    await this.#pressInMenu(line, 'menuitem');
  }

  /** Presses a line of the menu of a call that is on or off. */
  async tick(line) {
    await this.#pressInMenu(line, 'menuitemcheckbox');
  }

  async #pressInMenu(line, role) {
    await this.press('More');
    await this.page.locator(`::-p-aria([name="${line}"][role="${role}"])`).click();
  }

  /** Types into the text field of this name. */
  async type(name, text) {
    await this.page.locator(`::-p-aria([name="${name}"][role="textbox"])`).fill(text);
  }

  /** What the text field of this name holds. */
  async field(name) {
    const element = await this.page.locator(`::-p-aria([name="${name}"][role="textbox"])`).waitHandle();
    return element.evaluate((input) => input.value);
  }

  /** Whether the button of this name is pressed in. */
  async pressed(name) {
    const element = await this.page.locator(`::-p-aria([name="${name}"][role="button"])`).waitHandle();
    return (await element.evaluate((button) => button.getAttribute('aria-pressed'))) === 'true';
  }

  /** The state that the page is in. */
  async state() {
    return this.page.evaluate(() => document.querySelector('main')?.dataset.state);
  }

  /** The states that the page has been in since it was loaded. */
  async states() {
    return this.page.evaluate(() => window.e2e.states);
  }

  /** Lets `states` begin anew. */
  async forgetStates() {
    await this.page.evaluate(() => {
      window.e2e.states.splice(0);
    });
  }

  /** How many connections to others the page has made since it was loaded. */
  async connections() {
    return this.page.evaluate(() => window.e2e.connections.length);
  }

  /** What the page says about its state. */
  async status() {
    return this.page.evaluate(() => {
      return [...document.querySelectorAll('[role="status"]')].map((line) => line.textContent.trim()).join(' ');
    });
  }

  /** Waits until the page says something. */
  async says(words) {
    let text;
    try {
      await until(`${this.name}'s page to say ${words}`, STATE_DEADLINE, async () => {
        text = await this.text();
        return words.test(text);
      });
    } catch (error) {
      throw new Error(`${error.message}; it says: ${text}`, { cause: error });
    }
  }

  /** Whether something of this name is there, a picture say. */
  async names(name) {
    const element = await this.page.$(`::-p-aria([name="${name}"])`);
    await element?.dispose();
    return element !== null;
  }

  /** All text that the page shows, and none that is hidden. */
  async text() {
    return this.page.evaluate(() => document.body.innerText);
  }

  /** Waits until the page is in one of the states; returns which. */
  async reaches(...states) {
    let state;
    try {
      return await until(`${this.name} to reach ${states.join(' or ')}`, STATE_DEADLINE, async () => {
        state = await this.state();
        return states.includes(state) && state;
      });
    } catch (error) {
      throw new Error(`${error.message}; ${this.name} is at ${state}: ${await this.status().catch(() => '?')}`, {
        cause: error,
      });
    }
  }

  /** Opens a room's link and presses 'Join'. */
  async join(url) {
    await this.visit(url);
    await this.reaches('lobby');
    await this.press('Join');
  }

  /** How far pictures and sound from the other one have come. */
  async received() {
    return this.page.evaluate(receivedSoFar, this.theirs);
  }

  /** Waits until pictures (and sound, unless `audio` is false) from the other one go on. */
  async hearsAndSees({ audio = true, video = true, deadline = MEDIA_DEADLINE } = {}) {
    let first = await this.received();
    let last;
    const grew = (key) => last[key] - first[key] >= MOVED[key];
    try {
      await until(`${this.name} to get pictures and sound`, deadline, async () => {
        last = await this.received();
        // A new connection counts from zero again.
        if (last.decoded < first.decoded || last.audio < first.audio) first = last;
        const moves = grew('decoded') && grew('time') && last.picture !== '' && last.picture !== first.picture;
        return (!video || moves) && (!audio || grew('audio'));
      });
    } catch (error) {
      const brief = ({ picture, ...rest }) => JSON.stringify({ ...rest, picture: picture.length });
      throw new Error(`${error.message}: from ${brief(first)} to ${brief(last)}`, { cause: error });
    }
  }

  /** The selected candidate pair, `{local, remote}`. */
  async pair() {
    return until(`a selected candidate pair of ${this.name}`, PRESS_DEADLINE, () =>
      this.page.evaluate(selectedCandidates),
    );
  }

  /** What the page's Content-Security-Policy forbade it. */
  async violations() {
    return this.page.evaluate(() => window.e2e.violations);
  }
}

/** Waits until each gets pictures and sound from the other. */
export async function talk(...people) {
  await Promise.all(people.map((person) => person.hearsAndSees()));
}

/** A candidate pair in words. */
export function inWords({ local, remote }) {
  const side = ({ type, protocol, relayProtocol, address, port }) => {
    return `${type}${relayProtocol ? ` over ${relayProtocol}` : ''} ${address ?? '(hidden)'}:${port}/${protocol}`;
  };
  return `${side(local)} → ${side(remote)}`;
}
