// Socket.IO v5 by its specification, with raw frames, against the example `echo`.
//
// https://socket.io/docs/v4/socket-io-protocol/

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { WebSocket } from 'ws';

import { Frames, Polling } from './raw.js';
import { start } from './servers.js';

describe('Socket.IO by raw frames', () => {
  let server;
  let base;
  const clients = [];

  before(async () => {
    server = await start('echo', ['--ping-interval', '300', '--ping-timeout', '2000']);
    base = `${server.url}/socket.io/`;
  });

  after(async () => {
    for (const client of clients) client.socket.terminate();
    await server.stop();
  });

  /** A WebSocket session that is connected to nothing yet. */
  async function open() {
    const client = new Frames(`${base}?EIO=4&transport=websocket`);
    clients.push(client);
    await client.next();
    return client;
  }

  /** A WebSocket session in the namespace `/`. */
  async function connected() {
    const client = await open();
    client.send('40');
    await accepted(client, '');
    assert.equal(await client.nextMessage(), '42["auth",{}]');
    return client;
  }

  /** The CONNECT of a namespace is answered with the socket's id. */
  async function accepted(client, prefix) {
    const packet = await client.nextMessage();
    assert.ok(packet.startsWith(`40${prefix}{`), packet);
    const { sid, ...rest } = JSON.parse(packet.slice(2 + prefix.length));
    assert.match(sid, /^[\w-]{20}$/);
    assert.deepEqual(rest, {});
    return sid;
  }

  for (const [packet, prefix, auth] of [
    ['40', '', '{}'],
    ['40{"token":"123"}', '', '{"token":"123"}'],
    ['40/custom,', '/custom,', '{}'],
    ['40/custom', '/custom,', '{}'],
    ['40/custom,{"b":1,"a":[2]}', '/custom,', '{"b":1,"a":[2]}'],
  ]) {
    it(`connects by ${packet}`, async () => {
      const client = await open();
      client.send(packet);
      await accepted(client, prefix);
      assert.equal(await client.nextMessage(), `42${prefix}["auth",${auth}]`);
    });
  }

  it('lets a client that takes one frame at a time take each', async () => {
    // Frames that come in one read are heard in one go, with no time to listen for the second.
    const socket = new WebSocket(`${base}?EIO=4&transport=websocket`.replace('http', 'ws'));
    clients.push({ socket });
    const frame = async () => (await once(socket, 'message'))[0].toString();
    await frame();
    socket.send('40/custom,{"a":1}');
    assert.match(await frame(), /^40\/custom,/);
    assert.equal(await frame(), '42/custom,["auth",{"a":1}]');
  });

  it('keeps the order of what it sends on connect', async () => {
    const client = await open();
    client.send('40', '40/custom', '42["message",1]', '41', '40');
    await accepted(client, '');
    assert.equal(await client.nextMessage(), '42["auth",{}]');
    await accepted(client, '/custom,');
    assert.equal(await client.nextMessage(), '42/custom,["auth",{}]');
    assert.equal(await client.nextMessage(), '42["message-back",1]');
    await accepted(client, '');
    assert.equal(await client.nextMessage(), '42["auth",{}]');
  });

  it('refuses an unknown namespace, and keeps the session', async () => {
    const client = await open();
    client.send('40/random');
    assert.equal(await client.nextMessage(), '44/random,{"message":"Invalid namespace"}');
    client.send('40');
    await accepted(client, '');
  });

  it('closes a session that connects to nothing within a second', async () => {
    const opened = performance.now();
    const client = await open();
    await client.closed();
    const took = performance.now() - opened;
    assert.ok(took > 950 && took < 2000, `${took} ms`);

    const session = await Polling.open(base);
    const answers = [];
    do answers.push((await session.poll())[1]);
    while (answers.at(-1) === '2');
    assert.equal(answers.at(-1), '1');
  });

  it('keeps a session whose only namespace was left', async () => {
    const client = await connected();
    client.send('41');
    assert.equal(await client.next(), '2');
    client.send('3', '40');
    await accepted(client, '');
  });

  it('goes on in one namespace when another is left', async () => {
    const client = await connected();
    client.send('40/custom');
    const custom = await accepted(client, '/custom,');
    assert.equal(await client.nextMessage(), '42/custom,["auth",{}]');
    client.send('42/custom,["message","to custom"]', '42["message","to the main one"]');
    assert.equal(await client.nextMessage(), '42/custom,["message-back","to custom"]');
    assert.equal(await client.nextMessage(), '42["message-back","to the main one"]');
    client.send('41/custom', '42["message","still here"]');
    assert.equal(await client.nextMessage(), '42["message-back","still here"]');
    client.send('40/custom,');
    assert.notEqual(await accepted(client, '/custom,'), custom);
  });

  for (const [sent, back] of [
    ['42["message"]', '42["message-back"]'],
    ['42["message",1,"2",{"3":[true]}]', '42["message-back",1,"2",{"3":[true]}]'],
    ['42["message", {"b" :1,"a":2.0} ]', '42["message-back",{"b" :1,"a":2.0}]'],
    ['42456["message-with-ack",1,"2",{"3":[false]}]', '43456[1,"2",{"3":[false]}]'],
    ['420["message-with-ack"]', '430[]'],
  ]) {
    it(`answers ${sent}`, async () => {
      const client = await connected();
      client.send(sent);
      assert.equal(await client.nextMessage(), back);
    });
  }

  const two = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}';
  for (const [sent, back] of [
    [`452-["message",${two}]`, `452-["message-back",${two}]`],
    [`452-789["message-with-ack",${two}]`, `462-789[${two}]`],
  ]) {
    it(`answers ${sent} with its attachments`, async () => {
      const client = await connected();
      const attachments = [Buffer.from([1, 2, 3]), Buffer.from([4, 5, 6])];
      client.send(sent, ...attachments);
      assert.equal(await client.nextMessage(), back);
      assert.deepEqual(await client.nextMessage(), attachments[0]);
      assert.deepEqual(await client.nextMessage(), attachments[1]);
    });
  }

  it('answers by polling what came by polling, binary as base64', async () => {
    const session = await Polling.open(base);
    await session.post('40');
    const [connect, auth] = (await session.poll())[1].split('\x1e');
    assert.match(connect, /^40\{"sid":"[\w-]{20}"\}$/);
    assert.equal(auth, '42["auth",{}]');
    await session.post(`452-5["message-with-ack",${two}]\x1ebAQID\x1ebBAUG`);
    assert.deepEqual(await session.poll(), [200, `462-5[${two}]\x1ebAQID\x1ebBAUG`]);
  });

  for (const packet of [
    '4abc',
    '4',
    '42{}',
    '42[]',
    '42[null]',
    '42["connect"]',
    '42abc["message-with-ack",1]',
    '42["message"',
    '40',
    '40[]',
    '41{}',
    '43[]',
    '44{}',
    '451["message"]',
    '45999999-["message"]',
    '42/elsewhere,["message"]',
  ]) {
    it(`closes the session for ${packet}`, async () => {
      const client = await connected();
      client.send(packet);
      await client.closed();
    });
  }

  it('closes the session for a first packet that is none', async () => {
    const client = await open();
    client.send('4abc');
    await client.closed();
  });

  it('closes the session for an attachment that was not announced, or did not come', async () => {
    const early = await connected();
    early.send(Buffer.from([1]));
    await early.closed();
    const late = await connected();
    late.send('451-["message",{"_placeholder":true,"num":0}]', '42["message"]');
    await late.closed();
  });
});
