// The reference server as an oracle: the same raw exchanges with it and with the example `echo` give the
// same answers, frame by frame.

import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';

import { start, startReference } from './servers.js';

/** A raw client; it writes down all that it gets. */
class Client {
  constructor(url) {
    this.url = url;
    this.log = [];
  }

  target(query) {
    return `${this.url}/socket.io/?${query.replace('SID', this.sid)}`;
  }

  /** One request, whose answer is noted. */
  async ask(method, query, body) {
    this.log.push(await this.answer(method, query, body));
  }

  answer(method, query, body) {
    return new Promise((resolve) => {
      const asked = request(this.target(query), { method, agent: false }, async (response) => {
        let text = '';
        response.setEncoding('utf8');
        for await (const chunk of response) text += chunk;
        this.learn(text);
        resolve(`${response.statusCode} ${response.headers['content-type']} ${text}`);
      });
      asked.on('error', () => resolve('aborted'));
      asked.end(body);
    });
  }

  /** Opens a WebSocket; its frames are noted as they come. */
  async open(query) {
    const socket = new WebSocket(this.target(query).replace('http', 'ws'));
    this.socket = socket;
    socket.on('message', (data, binary) => {
      const text = binary ? `bytes ${data.toString('hex')}` : data.toString();
      this.learn(text);
      this.log.push(text);
      this.heard?.();
    });
    socket.on('close', (code) => {
      this.log.push(`closed ${code}`);
      this.heard?.();
    });
    await new Promise((resolve) => {
      socket.once('open', resolve);
      socket.once('error', (error) => {
        this.log.push(error.message);
        resolve();
      });
    });
  }

  send(...messages) {
    for (const message of messages) this.socket.send(message);
  }

  /** Waits until so much has been noted. */
  async until(count) {
    while (this.log.length < count) {
      await new Promise((resolve) => {
        this.heard = resolve;
      });
    }
  }

  learn(text) {
    const open = /^0(\{"sid".*\})$/.exec(text);
    if (open) this.sid = JSON.parse(open[1]).sid;
  }

  /** What was noted, with its random ids left out. */
  heardAll() {
    return this.log.map((line) => line.replace(/"sid":"[\w-]{20}"/, '"sid":"…"'));
  }
}

const polling = 'EIO=4&transport=polling';
const websocket = 'EIO=4&transport=websocket';
const session = `${polling}&sid=SID`;

/** Connects by WebSocket to the namespace `/`, and notes four frames. */
async function connected(client) {
  await client.open(websocket);
  client.send('40');
  await client.until(3);
}

const exchanges = {
  'requests that are refused': async (client) => {
    await client.ask('GET', '');
    await client.ask('GET', 'EIO=4&transport=abc');
    await client.ask('GET', 'transport=polling');
    await client.ask('GET', 'EIO=3&transport=polling');
    await client.ask('POST', polling);
    await client.ask('PUT', polling);
    await client.ask('GET', `${polling}&sid=abc`);
    await client.ask('POST', `${polling}&sid=abc`);
    await client.ask('GET', websocket);
    await client.ask('GET', polling);
    await client.ask('GET', `${websocket}&sid=SID`);
    await client.ask('GET', 'EIO=3&transport=polling&sid=SID');
  },
  'WebSockets that are refused': async (client) => {
    await client.open('EIO=4&transport=abc');
    await client.open(`${websocket}&sid=abc`);
  },
  'a session by polling': async (client) => {
    await client.ask('GET', polling);
    await client.ask('POST', session, '40{"token":"a"}');
    await client.ask('GET', session);
    await client.ask('POST', session, '42["message",1,"zwei €",{"b":1,"a":[null]}]');
    await client.ask('GET', session);
    await client.ask('POST', session, '40/custom,');
    await client.ask('GET', session);
    await client.ask('POST', session, '42/custom,5["message-with-ack",1]\x1e42["message"]');
    await client.ask('POST', session, '451-["message",{"_placeholder":true,"num":0}]\x1ebAQI=');
    await client.ask('GET', session);
  },
  'a close while a poll waits': async (client) => {
    // Nothing tells from outside that the poll waits: a close that came first is tried again.
    let answers;
    do {
      await client.answer('GET', polling);
      const close = () => client.answer('POST', session, '1');
      answers = await Promise.all([client.answer('GET', session), close()]);
    } while (answers[0].includes('Session ID unknown'));
    client.log.push(...answers);
    await client.ask('GET', session);
  },
  'two polls at once': async (client) => {
    await client.ask('GET', polling);
    const poll = () => client.answer('GET', session);
    // Whichever comes first waits, and hears of the end.
    client.log.push(...(await Promise.all([poll(), poll()])).sort());
    await client.ask('GET', session);
  },
  'a session by WebSocket': async (client) => {
    await connected(client);
    client.send('42["message",1,{"c":"d"}]', '427["message-with-ack",1,2]', '40/custom,{"x":1}');
    await client.until(7);
    client.send('452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]');
    client.send(Buffer.from([1]), Buffer.from([2, 3]));
    await client.until(10);
    client.send('461-/custom,0[{"_placeholder":true,"num":0}]', Buffer.from([4]));
    client.send(
      '451-/custom,9["message-with-ack",{"_placeholder":true,"num":0}]',
      Buffer.from([5]),
    );
    await client.until(12);
    // The reference takes a DISCONNECT a tick later than what comes with it.
    client.send('41/custom', '42["message"]');
    await client.until(13);
    client.send('40/custom');
    await client.until(15);
    client.send('40/unknown,');
    await client.until(16);
  },
  'a session that connects to nothing': async (client) => {
    await client.open(websocket);
    await client.until(2);
  },
  'an upgrade': async (client) => {
    await client.ask('GET', polling);
    await client.ask('POST', session, '40');
    await client.ask('GET', session);
    await client.open(`${websocket}&sid=SID`);
    client.send('2probe');
    await client.until(4);
    await client.ask('GET', session);
    await client.ask('POST', session, '42["message","polled"]');
    await client.ask('GET', session);
    client.send('5', '42["message","upgraded"]');
    await client.until(8);
    await client.ask('GET', session);
    await client.ask('POST', session, '42["message"]');
  },
  'an upgrade that fails': async (client) => {
    await client.ask('GET', polling);
    await client.open(`${websocket}&sid=SID`);
    client.send('2probe');
    await client.until(2);
    client.send('4garbage');
    await client.until(3);
    await client.ask('POST', session, '40');
    await client.ask('GET', session);
  },
  'an upgrade while a poll waits': async (client) => {
    await client.ask('GET', polling);
    const poll = client.answer('GET', session);
    // Long enough for the poll to be there, and far from the reference's own look after it.
    await sleep(20);
    await client.open(`${websocket}&sid=SID`);
    client.send('2probe');
    client.log.push(await poll);
    await client.until(3);
    client.log.sort();
    client.send('5', '40');
    await client.until(5);
  },
  'a poll that is cancelled': async (client) => {
    await client.ask('GET', polling);
    const poll = request(client.target(session), { agent: false });
    poll.on('error', () => {});
    poll.end();
    await sleep(20);
    poll.destroy();
    await sleep(20);
    await client.ask('GET', session);
  },
  'a close of the WebSocket by the client': async (client) => {
    await connected(client);
    client.socket.close(3000, 'enough');
    await client.until(4);
  },
  'a WebSocket message that is too long': async (client) => {
    await connected(client);
    client.send(`42["message","${'x'.repeat(1e6)}"]`);
    await client.until(4);
  },
  'a placeholder without its attachment': async (client) => {
    await connected(client);
    client.send('451-["message",{"_placeholder":true,"num":1}]', Buffer.from([1]));
    await client.until(4);
  },
  'a POST that is too long': async (client) => {
    await client.ask('GET', polling);
    const answer = await client.answer('POST', session, `4${'x'.repeat(1e6)}`);
    client.log.push(answer.slice(0, 3));
    await client.ask('POST', session, '40');
    await client.ask('GET', session);
  },
};

// Each is sent on a fresh connection, and ends it.
const violations = [
  'abc',
  '',
  '2',
  '4',
  '4abc',
  '40',
  '40[]',
  '42{}',
  '42["connect"]',
  '42abc["a"]',
  '42/other,["a"]',
  '41/other',
  '41{}',
  '44{}',
  '45["a"]',
  '451["a"]',
  '450-["a"]',
  '4511-["a"]',
  '43{}',
  '47',
];
for (const packet of violations) {
  exchanges[`the packet '${packet}' out of place`] = async (client) => {
    await connected(client);
    client.send(packet);
    await client.until(4);
  };
}

const heartbeats = {
  'heartbeats and a missed pong': async (client) => {
    await client.open(websocket);
    await client.until(2);
    client.send('3');
    await client.until(4);
  },
  'heartbeats by polling': async (client) => {
    await client.ask('GET', polling);
    await client.ask('GET', session);
    await client.ask('POST', session, '3');
    await client.ask('GET', session);
    await client.ask('GET', session);
    await client.ask('GET', session);
  },
};

compare('the same exchange', exchanges, []);
compare('the same heartbeats', heartbeats, ['--ping-interval', '300', '--ping-timeout', '200']);

/** Has each exchange with the reference and with this server, and compares what they answer. */
function compare(title, exchanges, flags) {
  describe(`${title} with the reference and with this server`, () => {
    let servers;

    before(async () => {
      servers = await Promise.all([startReference(flags), start('echo', flags)]);
    });

    after(async () => {
      await Promise.all(servers.map((server) => server.stop()));
    });

    for (const [name, exchange] of Object.entries(exchanges)) {
      it(name, { timeout: 10_000 }, async () => {
        const clients = servers.map((server) => new Client(server.url));
        await Promise.all(clients.map(exchange));
        const [expected, actual] = clients.map((client) => client.heardAll());
        for (const client of clients) client.socket?.terminate();
        assert.deepEqual(actual, expected);
      });
    }
  });
}
