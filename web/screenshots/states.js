/**
 * Every state of the page: how to get there, with which browser. `arrange` gets helpers and returns
 * the page to shoot; names are file names.
 */
const settle = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const inState = (page, state) => page.waitForSelector(`main[data-state=${state}]`);
const pressJoin = (page) => page.locator('.primary').click();
const moving = (page, label) =>
  page.waitForFunction(
    (own) => {
      const video = document.querySelector(own ? '.own-video' : '.their-video');
      return video?.videoWidth > 0 && video.currentTime > 0.5;
    },
    {},
    label === 'own',
  );

let rooms = 0;
const roomName = () => `demo-${process.pid}-${++rooms}`;

async function lobby(page, base, room = roomName()) {
  await page.goto(`${base}/r/${room}`);
  await inState(page, 'lobby');
}

/** The lobby of a new sealed call. */
async function sealedLobby(page, base) {
  await page.goto(base);
  await inState(page, 'start');
  await page.locator('.primary').click();
  await inState(page, 'lobby');
}

async function call({ open, base }) {
  const room = roomName();
  const [ada, ben] = [await open('ada'), await open('ben')];
  await lobby(ada, base, room);
  await pressJoin(ada);
  await inState(ada, 'waiting');
  await lobby(ben, base, room);
  await pressJoin(ben);
  await Promise.all([ada, ben].map((page) => inState(page, 'connected')));
  await Promise.all([ada, ben].map((page) => moving(page)));
  // The first seconds of a picture are coarse.
  await settle(4000);
  return { ada, ben, room };
}

async function sealedCall({ open, base }) {
  const [ada, ben] = [await open('ada'), await open('ben')];
  await sealedLobby(ada, base);
  await pressJoin(ada);
  await inState(ada, 'waiting');
  await ben.goto(ada.url());
  await inState(ben, 'lobby');
  await pressJoin(ben);
  await Promise.all([ada, ben].map((page) => inState(page, 'connected')));
  await Promise.all([ada, ben].map((page) => moving(page)));
  return { ada, ben };
}

/** Opens the settings of a call. */
async function openSettings(page) {
  await page.mouse.move(300, 300);
  await page.locator('.bar .menu .round').click();
  await page.waitForSelector('.menu-item');
  await page.$$eval('.menu-item', (lines) => {
    lines.find((line) => ['Settings', '设置'].includes(line.textContent)).click();
  });
  await page.waitForSelector('dialog[open] select');
}

async function write(page, text) {
  await page.locator('.compose textarea').fill(text);
  await page.locator('.compose .send').click();
}

/** Lines of both, a link, and files in several states. */
async function conversation(ada, ben) {
  for (const page of [ada, ben]) {
    await page.mouse.move(300, 300);
    await page.locator('.chat-button').click();
  }
  await write(ada, 'Have you seen the plan for the weekend?');
  await write(ben, 'Not yet, send it over 🦜');
  await write(ada, 'The train is at 9:40, see https://example.org/timetable');
  const input = await ada.waitForSelector('input[type=file]');
  await input.uploadFile(import.meta.filename);
  await ben.waitForSelector('.file-action');
  await ben.evaluate(() => document.querySelectorAll('.file-action')[1].click());
  await ben.waitForSelector('.file[data-state=declined]');
  const other = await ben.waitForSelector('input[type=file]');
  await other.uploadFile(import.meta.filename);
  await ada.waitForSelector('.file-action.strong');
}

/** Runs in the page: with each sealed message comes one in the open. */
function withAMessageInTheOpen() {
  const Real = WebSocket;
  globalThis.WebSocket = class extends Real {
    set onmessage(take) {
      super.onmessage = ({ data }) => {
        if (String(data).includes('"sealed":1')) take({ data: '42["message",{"type":"restart"}]' });
        take({ data });
      };
    }
  };
}

/** Keeps a page from reaching the server, as a dead network would. */
function withoutServer(page) {
  return page.evaluateOnNewDocument(() => {
    globalThis.WebSocket = class extends EventTarget {
      constructor() {
        super();
        setTimeout(() => this.onerror?.(new Event('error')), 50);
      }
      close() {}
    };
    globalThis.XMLHttpRequest = class {
      open() {}
      setRequestHeader() {}
      abort() {}
      send() {
        setTimeout(() => {
          this.readyState = 4;
          this.status = 0;
          this.onreadystatechange?.();
        }, 50);
      }
    };
  });
}

/** Turns the server's `joined` into a refusal. */
function refusedWith(page, code) {
  return page.evaluateOnNewDocument(
    (answer) => {
      const Real = WebSocket;
      globalThis.WebSocket = class extends Real {
        set onmessage(take) {
          super.onmessage = ({ data }) => {
            take({ data: String(data).startsWith('42["joined"') ? answer : data });
          };
        }
      };
    },
    `42["refused",${JSON.stringify({ event: 'join', code, message: '' })}]`,
  );
}

/** Lets a page lose the server for good, once it is told to by `loseServer`. */
function severable(page) {
  return page.evaluateOnNewDocument(() => {
    const Real = WebSocket;
    const open = new Set();
    let severed = false;
    globalThis.WebSocket = class extends Real {
      constructor(...args) {
        super(...args);
        if (severed) this.close();
        open.add(this);
      }
    };
    globalThis.loseServer = () => {
      severed = true;
      for (const socket of open) socket.close();
      XMLHttpRequest.prototype.send = function send() {
        this.abort();
      };
    };
  });
}

function severed(tools) {
  const open = async (who) => {
    const page = await tools.open(who);
    await severable(page);
    return page;
  };
  return { ...tools, open };
}

/** Opens pages whose browser reports that many packets are lost. */
function withLosses(open) {
  return async (who) => {
    const page = await open(who);
    await page.evaluateOnNewDocument(() => {
      const real = RTCPeerConnection.prototype.getStats;
      RTCPeerConnection.prototype.getStats = async function getStats() {
        const entries = [...(await real.call(this)).values()].map((entry) => {
          if (entry.type === 'remote-inbound-rtp') return { ...entry, fractionLost: 0.2 };
          const { packetsReceived } = entry;
          return entry.type === 'inbound-rtp'
            ? { ...entry, packetsLost: Math.round(packetsReceived * 0.1) }
            : entry;
        });
        return new Map(entries.map((entry) => [entry.id, entry]));
      };
    });
    return page;
  };
}

/** Runs in the page: the screen that is shared has a table on it. */
function withScreen() {
  navigator.mediaDevices.getDisplayMedia = async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 1920, height: 1080 });
    const paint = canvas.getContext('2d');
    const draw = () => {
      paint.fillStyle = '#fbf8f2';
      paint.fillRect(0, 0, 1920, 1080);
      paint.fillStyle = '#22303c';
      paint.fillRect(0, 0, 1920, 64);
      paint.font = '600 52px sans-serif';
      paint.fillText('Garden plan, spring', 120, 170);
      paint.font = '34px sans-serif';
      const rows = ['Beans', 'Carrots', 'Peas', 'Potatoes', 'Pumpkins', 'Spinach', 'Tomatoes'];
      rows.forEach((row, at) => {
        const y = 260 + at * 104;
        paint.fillStyle = at % 2 ? '#f1ebdf' : '#ffffff';
        paint.fillRect(120, y, 1680, 104);
        paint.fillStyle = '#22303c';
        paint.fillText(row, 160, y + 64);
        paint.fillStyle = ['#d9822b', '#3d8f5f', '#4a78b5'][at % 3];
        paint.fillRect(620 + at * 90, y + 28, 300 + ((at * 137) % 400), 48);
      });
    };
    draw();
    setInterval(draw, 200);
    return canvas.captureStream(5);
  };
}

/** A call in which both may share the screen of {@link withScreen}, and record. */
async function presentation(tools, more = () => {}) {
  return call({
    ...tools,
    open: async (who) => {
      const page = await tools.open(who);
      await page.evaluateOnNewDocument(withScreen);
      // No dialog of the system in the way.
      await page.evaluateOnNewDocument(() => {
        delete globalThis.showSaveFilePicker;
      });
      await more(page, who);
      return page;
    },
  });
}

const share = (page) => page.locator('.share').click();

async function record(page) {
  await page.locator('[aria-haspopup=menu]').click();
  await page.locator('.menu-item[role=menuitemcheckbox]').click();
  await page.waitForSelector('.red-dot');
}

export const STATES = {
  async start({ open, base }) {
    const page = await open('ada');
    await page.goto(base);
    return inState(page, 'start').then(() => page);
  },
  async lobby({ open, base }) {
    const page = await open('ada');
    await lobby(page, base);
    await moving(page, 'own');
    return page;
  },
  async 'lobby-sealed'({ open, base }) {
    const page = await open('ada');
    await sealedLobby(page, base);
    await moving(page, 'own');
    return page;
  },
  async 'start-with-a-cut-link'({ open, base }) {
    const page = await open('ada');
    await page.goto(`${base}/#1AAECAwQFBgcICQ`);
    await inState(page, 'start');
    return page;
  },
  async 'lobby-by-link'({ open, base }) {
    const page = await open('ada');
    await page.evaluateOnNewDocument(() => {
      navigator.permissions.query = async () => ({ state: 'prompt' });
    });
    await lobby(page, base, 'friday-with-grandma');
    return page;
  },
  async settings(tools) {
    const { ada } = await sealedCall(tools);
    await ada.evaluate(() => localStorage.clear());
    await openSettings(ada);
    return ada;
  },
  async 'call-with-a-name'(tools) {
    const { ada, ben } = await sealedCall(tools);
    await openSettings(ben);
    await ben.locator('dialog .name-field').fill('Grandma Bea');
    await ben.locator('dialog input[type=checkbox]').click();
    await ben.locator('dialog .primary').click();
    await ada.waitForSelector('.their-low-data');
    await settle(1500);
    return ada;
  },
  async 'lobby-refused'({ open, base }) {
    const page = await open('refusing');
    await lobby(page, base);
    await page.locator('.preview-ask').click();
    await page.waitForSelector('.notice');
    return page;
  },
  async 'lobby-lost-server'({ open, base }) {
    const page = await open('ada');
    await withoutServer(page);
    await lobby(page, base);
    await page.waitForSelector('[data-tone=warning]');
    await moving(page, 'own');
    return page;
  },
  async waiting({ open, publicBase }) {
    const page = await open('ada');
    await sealedLobby(page, publicBase);
    await pressJoin(page);
    await inState(page, 'waiting');
    await moving(page, 'own');
    return page;
  },
  async 'waiting-named'({ open, publicBase }) {
    const page = await open('ada');
    await lobby(page, publicBase);
    await pressJoin(page);
    await inState(page, 'waiting');
    await moving(page, 'own');
    return page;
  },
  async 'waiting-no-devices'({ open, base }) {
    const page = await open('bare');
    await lobby(page, base);
    await pressJoin(page);
    await inState(page, 'waiting');
    await page.waitForSelector('.notice');
    return page;
  },
  async call(tools) {
    return (await call(tools)).ada;
  },
  async verify(tools) {
    const { ada } = await call(tools);
    await ada.locator('.seal').click();
    await ada.waitForSelector('.signs');
    return ada;
  },
  async chat(tools) {
    const { ada, ben } = await call(tools);
    await conversation(ada, ben);
    return ada;
  },
  async 'chat-news'(tools) {
    const { ada, ben } = await call(tools);
    await ben.locator('.chat-button').click();
    await write(ben, 'Look, a toucan on the balcony');
    await ada.waitForSelector('.news button');
    return ada;
  },
  async 'verify-sealed'(tools) {
    const { ada } = await sealedCall(tools);
    await ada.locator('.seal').click();
    await ada.waitForSelector('.signs');
    return ada;
  },
  async statistics(tools) {
    const { ada } = await call(tools);
    await settle(20_000);
    await ada.mouse.move(300, 300);
    await ada.locator('.pill-open').click();
    await ada.waitForSelector('.plot');
    return ada;
  },
  async 'statistics-with-trouble'(tools) {
    const { ada } = await call({ ...tools, open: withLosses(tools.open) });
    await ada.waitForSelector('.pill[data-line=weak]');
    await ada.locator('.pill-open').click();
    await ada.waitForSelector('.verdict[data-line=weak]');
    return ada;
  },
  async 'statistics-of-the-path'(tools) {
    const ada = await STATES.statistics(tools);
    await ada.$eval('.statistics', (all) => all.scrollTo(0, all.scrollHeight));
    return ada;
  },
  async 'call-with-trouble'(tools) {
    const { ada } = await call({ ...tools, open: withLosses(tools.open) });
    await ada.waitForSelector('.pill[data-line=weak]');
    await ada.mouse.move(300, 300);
    return ada;
  },
  async 'ended-after-trouble'(tools) {
    const ada = await STATES['call-with-trouble'](tools);
    await ada.locator('.hang-up').click();
    await inState(ada, 'ended');
    return ada;
  },
  async 'call-meddled-with'(tools) {
    const { ada } = await sealedCall({
      ...tools,
      open: async (who) => {
        const page = await tools.open(who);
        await page.evaluateOnNewDocument(withAMessageInTheOpen);
        return page;
      },
    });
    await ada.waitForSelector('.notice');
    await ada.mouse.move(300, 300);
    return ada;
  },
  async help(tools) {
    const { ada } = await call(tools);
    await ada.keyboard.press('?');
    await ada.waitForSelector('.help[open]');
    return ada;
  },
  async preferences({ open, base }) {
    const page = await open('ada');
    await page.goto(base);
    await page.locator('.preferences-button').click();
    await page.waitForSelector('.preferences[open]');
    return page;
  },
  async 'call-talk-key'(tools) {
    const { ada } = await call(tools);
    await ada.locator('.bar .round:nth-child(1)').click();
    await ada.keyboard.down(' ');
    await ada.waitForSelector('.comfort[data-shown=true]');
    return ada;
  },
  async 'call-sharing'(tools) {
    const { ada } = await presentation(tools);
    await share(ada);
    await ada.waitForSelector('.telling');
    return ada;
  },
  async 'call-their-screen'(tools) {
    const { ada, ben } = await presentation(tools);
    await share(ben);
    await ada.waitForFunction(() => document.querySelector('.their-screen')?.videoWidth > 0);
    await settle(4000);
    return ada;
  },
  async 'call-their-screen-swapped'(tools) {
    const ada = await STATES['call-their-screen'](tools);
    await ada.locator('[data-picture=theirs] .picture-press').click();
    return ada;
  },
  async 'call-swapped'(tools) {
    const { ada } = await call(tools);
    await ada.locator('.picture-press').click();
    return ada;
  },
  async 'call-menu'(tools) {
    const { ada } = await presentation(tools);
    await ada.locator('[aria-haspopup=menu]').click();
    return ada;
  },
  async 'call-recording'(tools) {
    const { ada } = await presentation(tools);
    await record(ada);
    return ada;
  },
  async 'call-recorded'(tools) {
    const { ada, ben } = await presentation(tools);
    await record(ben);
    await ada.waitForSelector('.red-dot');
    return ada;
  },
  async 'call-sharing-and-recording-untold'(tools) {
    const { ada } = await presentation(tools, (page, who) => {
      if (who !== 'ben') return undefined;
      return page.evaluateOnNewDocument(() => {
        const real = WebSocket.prototype.send;
        WebSocket.prototype.send = function send(data) {
          real.call(this, typeof data === 'string' ? data.replace(',"recording":true', '') : data);
        };
      });
    });
    await share(ada);
    await record(ada);
    return ada;
  },
  async 'call-share-failed'(tools) {
    const { ada } = await presentation(tools, (page) =>
      page.evaluateOnNewDocument(() => {
        navigator.mediaDevices.getDisplayMedia = async () => {
          throw new DOMException('', 'NotReadableError');
        };
      }),
    );
    await share(ada);
    await ada.waitForSelector('.notice');
    return ada;
  },
  async 'call-muted'(tools) {
    const { ada } = await call(tools);
    await ada.locator('.bar .round:nth-child(1)').click();
    await ada.locator('.bar .round:nth-child(2)').click();
    await ada.mouse.move(300, 300);
    return ada;
  },
  async 'call-their-camera-off'(tools) {
    const { ada, ben } = await call(tools);
    await ben.locator('.bar .round:nth-child(1)').click();
    await ben.locator('.bar .round:nth-child(2)').click();
    await ada.waitForSelector('.absent p');
    return ada;
  },
  async reconnecting(tools) {
    // The state is the page's own; only the broken path is played.
    const opened = await call({
      ...tools,
      open: async (who) => {
        const page = await tools.open(who);
        await page.evaluateOnNewDocument(() => {
          const Real = RTCPeerConnection;
          globalThis.RTCPeerConnection = class extends Real {
            constructor(...args) {
              super(...args);
              globalThis.lastConnection = this;
            }
          };
        });
        return page;
      },
    });
    await opened.ada.evaluate(() => {
      const pc = globalThis.lastConnection;
      Object.defineProperty(pc, 'connectionState', { get: () => 'disconnected' });
      pc.dispatchEvent(new Event('connectionstatechange'));
    });
    await inState(opened.ada, 'reconnecting');
    return opened.ada;
  },
  async 'reconnecting-stuck'(tools) {
    const { ada } = await call({
      ...tools,
      open: async (who) => {
        const page = await tools.open(who);
        // Half a minute is long for a picture.
        await page.evaluateOnNewDocument(() => {
          const real = setTimeout;
          globalThis.setTimeout = (act, ms, ...rest) =>
            real(act, globalThis.impatient && ms === 30_000 ? 100 : ms, ...rest);
          const Real = RTCPeerConnection;
          globalThis.RTCPeerConnection = class extends Real {
            constructor(...args) {
              super(...args);
              globalThis.lastConnection = this;
            }
          };
        });
        return page;
      },
    });
    await ada.evaluate(() => {
      globalThis.impatient = true;
      const pc = globalThis.lastConnection;
      Object.defineProperty(pc, 'connectionState', { get: () => 'disconnected' });
      pc.dispatchEvent(new Event('connectionstatechange'));
    });
    await ada.waitForSelector('.veil .primary');
    return ada;
  },
  async 'call-other-camera'(tools) {
    const { ada } = await call({
      ...tools,
      open: async (who) => {
        const page = await tools.open(who);
        await page.evaluateOnNewDocument(() => {
          const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
          navigator.mediaDevices.getUserMedia = async (constraints) => {
            const stream = await real(constraints);
            globalThis.lastCamera = stream.getVideoTracks()[0] ?? globalThis.lastCamera;
            return stream;
          };
        });
        return page;
      },
    });
    await ada.evaluate(() => {
      globalThis.lastCamera.stop();
      globalThis.lastCamera.dispatchEvent(new Event('ended'));
    });
    await ada.waitForSelector('.notice[role=status]');
    await ada.mouse.move(300, 300);
    return ada;
  },
  async 'call-they-are-away'(tools) {
    const { ada, ben } = await call(severed(tools));
    await ben.evaluate(() => globalThis.loseServer());
    await ada.waitForSelector('[data-line=offline]');
    await ada.mouse.move(300, 300);
    return ada;
  },
  async 'call-without-server'(tools) {
    const { ada } = await call(severed(tools));
    await ada.evaluate(() => globalThis.loseServer());
    await ada.waitForSelector('[data-line=offline]');
    await ada.mouse.move(300, 300);
    return ada;
  },
  async 'reconnecting-they-are-away'(tools) {
    const { ada, ben } = await call(severed(tools));
    // A page that goes without a server cannot say so: nobody knows whether it comes back.
    await ben.evaluate(() => globalThis.loseServer());
    await ben.goto('about:blank');
    await inState(ada, 'reconnecting');
    return ada;
  },
  async replaced(tools) {
    const { ada, room } = await call(tools);
    const kept = await ada.evaluate(() => Object.entries(sessionStorage));
    const copy = await ada.browserContext().newPage();
    await copy.evaluateOnNewDocument((entries) => {
      for (const [key, value] of entries) sessionStorage.setItem(key, value);
    }, kept);
    await lobby(copy, tools.base, room);
    await pressJoin(copy);
    await inState(ada, 'replaced');
    return ada;
  },
  async unauthorized({ open, base }) {
    const page = await open('ada');
    await refusedWith(page, 'unauthorized');
    await lobby(page, base);
    await pressJoin(page);
    await inState(page, 'failed');
    return page;
  },
  async crowded({ open, base }) {
    const page = await open('ada');
    await refusedWith(page, 'too_many_joins');
    await lobby(page, base);
    await pressJoin(page);
    await page.waitForSelector('[data-tone=warning]');
    await moving(page, 'own');
    return page;
  },
  async ended(tools) {
    const { ada } = await call(tools);
    await ada.mouse.move(300, 300);
    await ada.locator('.hang-up').click();
    await inState(ada, 'ended');
    return ada;
  },
  async 'ended-in-parts'(tools) {
    const ada = await STATES.ended(tools);
    await ada.locator('.parts summary').click();
    return ada;
  },
  async left(tools) {
    const { ada, ben } = await call({ ...tools, base: tools.publicBase });
    await ben.mouse.move(300, 300);
    await ben.locator('.hang-up').click();
    await inState(ada, 'waiting');
    return ada;
  },
  async ready({ open, base }) {
    const room = roomName();
    const [ada, ben] = [await open('ada'), await open('ben')];
    await ada.evaluateOnNewDocument(() => localStorage.setItem('ask', '1'));
    for (const page of [ada, ben]) {
      await lobby(page, base, room);
      await pressJoin(page);
      await inState(page, page === ada ? 'waiting' : 'ready');
    }
    await inState(ada, 'ready');
    await moving(ada, 'own');
    return ada;
  },
  async full(tools) {
    const { room } = await call(tools);
    const page = await tools.open('ada');
    await lobby(page, tools.base, room);
    await pressJoin(page);
    await inState(page, 'failed');
    return page;
  },
};
