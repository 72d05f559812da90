/** What a page meets and cannot be made to meet otherwise. Each is to be played before the page loads. */

/** Keeps a page from reaching the server, as a dead network would. */
export function withoutServer(page) {
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

/** Lets a page lose the server for good, once it is told to by `loseServer`. */
export function severable(page) {
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

/** What a page hears from the server begins with `event`: it hears `instead`, or nothing. */
export function hears(page, event, instead = null) {
  return page.evaluateOnNewDocument(
    (event, instead) => {
      const Real = WebSocket;
      globalThis.WebSocket = class extends Real {
        set onmessage(take) {
          super.onmessage = ({ data }) => {
            const changed = String(data).startsWith(`42["${event}"`) ? instead : data;
            if (changed !== null) take({ data: changed });
          };
        }
      };
    },
    event,
    instead,
  );
}

/** Turns the server's `joined` into a refusal. */
export function refusedWith(page, code) {
  const body = JSON.stringify({ event: 'join', code, message: '' });
  return hears(page, 'joined', `42["refused",${body}]`);
}

/** What a page says to the server, or `over` something else, and matches, is said otherwise, or not at all. */
export function says(page, pattern, instead = null, over = 'WebSocket') {
  return page.evaluateOnNewDocument(
    (source, instead, over) => {
      const pattern = new RegExp(source);
      const { prototype } = globalThis[over];
      const real = prototype.send;
      prototype.send = function send(data) {
        const changes = typeof data === 'string' && pattern.test(data);
        if (!changes) return real.call(this, data);
        if (instead !== null) real.call(this, data.replace(pattern, instead));
      };
    },
    pattern.source,
    instead,
    over,
  );
}

/** With each sealed message comes one in the open. */
export function meddledWith(page) {
  return page.evaluateOnNewDocument(() => {
    const Real = WebSocket;
    globalThis.WebSocket = class extends Real {
      set onmessage(take) {
        super.onmessage = ({ data }) => {
          if (String(data).includes('"sealed":1'))
            take({ data: '42["message",{"type":"restart"}]' });
          take({ data });
        };
      }
    };
  });
}

/** What lasts so long (ms) lasts for ever: words that pass by themselves can be shot. */
export function lasting(page, ...times) {
  return page.evaluateOnNewDocument((times) => {
    const real = setTimeout;
    globalThis.setTimeout = (act, ms, ...rest) => (times.includes(ms) ? 0 : real(act, ms, ...rest));
  }, times);
}

/** The page loses patience at once, as soon as `impatient` is set. */
export function hasty(page) {
  return page.evaluateOnNewDocument(() => {
    const real = setTimeout;
    globalThis.setTimeout = (act, ms, ...rest) =>
      real(act, globalThis.impatient && ms === 30_000 ? 100 : ms, ...rest);
  });
}

/** Nobody moves. */
export function still(page) {
  return page.evaluateOnNewDocument(() => {
    for (const event of ['pointermove', 'focusin']) {
      addEventListener(event, (moved) => moved.stopImmediatePropagation(), true);
    }
  });
}

/** Lets the path of a call break by {@link interrupt}. */
export function breakable(page) {
  return page.evaluateOnNewDocument(() => {
    const Real = RTCPeerConnection;
    globalThis.RTCPeerConnection = class extends Real {
      constructor(...args) {
        super(...args);
        globalThis.lastConnection = this;
      }
    };
  });
}

/** The state is the page's own; only the broken path is played. */
export function interrupt(page) {
  return page.evaluate(() => {
    globalThis.impatient = true;
    const pc = globalThis.lastConnection;
    Object.defineProperty(pc, 'connectionState', { get: () => 'disconnected' });
    pc.dispatchEvent(new Event('connectionstatechange'));
  });
}

/** The relay is the only way. */
export function relayedOnly(page) {
  return page.evaluateOnNewDocument(() => {
    const Real = RTCPeerConnection;
    globalThis.RTCPeerConnection = class extends Real {
      constructor(configuration) {
        super({ ...configuration, iceTransportPolicy: 'relay' });
      }
    };
  });
}

/**
 * The browser reports that packets are lost, of what comes `in` or goes `out`, that the way out is `narrow`, or that the
 * computer is `busy`.
 */
export function suffers(page, what = { in: true, out: true }) {
  return page.evaluateOnNewDocument((what) => {
    const real = RTCPeerConnection.prototype.getStats;
    RTCPeerConnection.prototype.getStats = async function getStats() {
      const entries = [...(await real.call(this)).values()].map((entry) => {
        const { type, kind, packetsReceived } = entry;
        if (what.out && type === 'remote-inbound-rtp') return { ...entry, fractionLost: 0.2 };
        if (what.in && type === 'inbound-rtp') {
          return { ...entry, packetsLost: Math.round(packetsReceived * 0.1) };
        }
        if (what.narrow && type === 'candidate-pair') {
          return { ...entry, availableOutgoingBitrate: 40_000 };
        }
        return what.busy && type === 'outbound-rtp' && kind === 'video'
          ? { ...entry, qualityLimitationReason: 'cpu' }
          : entry;
      });
      return new Map(entries.map((entry) => [entry.id, entry]));
    };
  }, what);
}

/** The screen that is shared has a table on it, and no dialog of the system is in the way. */
export function withScreen(page) {
  return page.evaluateOnNewDocument(() => {
    delete globalThis.showSaveFilePicker;
    navigator.mediaDevices.getDisplayMedia = async () => {
      const canvas = Object.assign(document.createElement('canvas'), {
        width: 1920,
        height: 1080,
      });
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
  });
}

/** Sharing a screen fails. */
export function withoutScreen(page) {
  return page.evaluateOnNewDocument(() => {
    navigator.mediaDevices.getDisplayMedia = async () => {
      throw new DOMException('', 'NotReadableError');
    };
  });
}

/** Devices that {@link pullOut} takes away. While `deviceError` is set, none starts, for that reason. */
export function playedDevices(page, { deviceError = null, cameras = 1, touch = false } = {}) {
  return page.evaluateOnNewDocument(
    (deviceError, cameras, touch) => {
      const { mediaDevices } = navigator;
      globalThis.deviceError = deviceError;
      globalThis.lastTrack = {};
      const real = mediaDevices.getUserMedia.bind(mediaDevices);
      mediaDevices.getUserMedia = async (constraints) => {
        if (globalThis.deviceError === 'asking') return new Promise(() => {});
        if (globalThis.deviceError) throw new DOMException('', globalThis.deviceError);
        const stream = await real(constraints);
        for (const track of stream.getTracks()) globalThis.lastTrack[track.kind] = track;
        return stream;
      };
      const enumerate = mediaDevices.enumerateDevices.bind(mediaDevices);
      mediaDevices.enumerateDevices = async () => {
        const list = await enumerate();
        const camera = list.find(({ kind }) => kind === 'videoinput');
        const more = camera ? Array(cameras - 1).fill(camera) : [];
        return [
          ...list,
          ...more.map(({ kind }, at) => ({ kind, deviceId: `more ${at}`, label: 'Back Camera' })),
        ];
      };
      if (touch) Object.defineProperty(navigator, 'maxTouchPoints', { get: () => 5 });
    },
    deviceError,
    cameras,
    touch,
  );
}

/** The browser would have to ask for permission first. */
export function unasked(page) {
  return page.evaluateOnNewDocument(() => {
    navigator.permissions.query = async () => ({ state: 'prompt' });
  });
}

/** Ends the track of a kind, as its unplugging does; with `error`, nothing takes its place. */
export function pullOut(page, kind, error = null) {
  return page.evaluate(
    (kind, error) => {
      globalThis.deviceError = error;
      const track = globalThis.lastTrack[kind];
      track.stop();
      track.dispatchEvent(new Event('ended'));
    },
    kind,
    error,
  );
}

/** A place for files that takes two fifths of each fast, and the rest very slowly. */
export function slowDisk(page) {
  return page.evaluateOnNewDocument(() => {
    globalThis.showSaveFilePicker = async () => {
      let written = 0;
      return {
        createWritable: async () => ({
          write: async ({ data }) => {
            written += data.size ?? data.byteLength;
            if (written > 4e6) await new Promise((resolve) => setTimeout(resolve, 2000));
          },
          close: async () => {},
          abort: async () => {},
        }),
      };
    };
  });
}

/** A place for files that has no room. */
export function fullDisk(page) {
  return page.evaluateOnNewDocument(() => {
    globalThis.showSaveFilePicker = async () => ({
      createWritable: async () => ({
        write: () => Promise.reject(new DOMException('', 'QuotaExceededError')),
        abort: async () => {},
      }),
    });
  });
}

/** No dialog that asks where a file is to lie. */
export function withoutPicker(page) {
  return page.evaluateOnNewDocument(() => {
    delete globalThis.showSaveFilePicker;
  });
}

/** Somebody speaks into the microphone all the time. */
export function loud(page) {
  return page.evaluateOnNewDocument(() => {
    AnalyserNode.prototype.getFloatTimeDomainData = (samples) => samples.fill(0.2);
  });
}
