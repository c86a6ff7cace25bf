// A closed relay joins its own clients and reaches nothing else: calls that
// know no other way go through it with one port open, and a call of which one
// side is at another relay does not, and says so.

import assert from 'node:assert/strict';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { startRelay, through } from './lib/relay.mjs';
import { startRelay as startLone } from './lib/relayed.mjs';
import { meet, setStage, startCall } from './lib/stage.mjs';
import { text } from './lib/text.mjs';
import { until } from './lib/wait.mjs';

/** @typedef {import('./lib/person.mjs').Person} Person */

/** @type {import('./lib/stage.mjs').Stage} */
let stage;
before(async () => {
  stage = await setStage({ names: ['Anna', 'Ben'], browsers: ['chromium', 'firefox'], server: { args: ['--turn-closed', 'on'] } });
});
beforeEach(() => stage.enter());
afterEach(() => stage?.leave());
after(() => stage?.close());

const pairs = /** @type {const} */ ([['chromium', 'firefox'], ['firefox', 'chromium'], ['chromium', 'chromium']]); // Firefox draws only the window in front

/** The ports of a process's UDP sockets, as the kernel has them. @param {number} pid */
async function udpPorts(pid) {
  const links = await Promise.all((await readdir(`/proc/${pid}/fd`)).map((f) => readlink(`/proc/${pid}/fd/${f}`).catch(() => '')));
  const own = new Set(links.flatMap((l) => /^socket:\[(\d+)\]$/.exec(l)?.[1] ?? []));
  const tables = await Promise.all(['udp', 'udp6'].map((t) => readFile(`/proc/${pid}/net/${t}`, 'utf8')));
  const rows = tables.flatMap((t) => t.split('\n').slice(1)).map((l) => l.trim().split(/\s+/)).filter((f) => own.has(f[9]));
  return [...new Set(rows.map((f) => parseInt(f[1].split(':')[1], 16)))];
}

const path = 'ringfence_relay_path_packets_total';
const refused = 'ringfence_relay_refused_total';

for (const [one, two] of pairs) {
  for (const turn of /** @type {const} */ (['udp', 'tcp'])) {
    test(`a call through a closed relay with one port of UDP, by ${turn}: ${one} calls ${two}`, { skip: turn === 'tcp' && one === two }, async () => {
      const local = { 'ringfence.relay': 'always', 'ringfence.turn': turn };
      const was = await stage.server.metrics();
      const anna = await stage.arrives('Anna', { on: one, local });
      const ben = await stage.arrives('Ben', { on: two, local });
      await startCall(anna, ben, 'Ben');
      await meet([anna, 1], [ben, 2]);
      for (const p of [anna, ben]) assert.deepEqual(await p.route().then((r) => [r.local, r.relayProtocol]), ['relay', turn]);
      assert.deepEqual(await udpPorts(stage.server.child.pid ?? 0), [stage.server.ports.turn]);
      const now = await stage.server.metrics();
      assert.ok(now.total('ringfence_relay_allocations') >= 2);
      const memory = now.total(path, { path: 'memory' }) - was.total(path, { path: 'memory' });
      const out = now.total('ringfence_relay_peer_packets_total', { direction: 'out' }) - was.total('ringfence_relay_peer_packets_total', { direction: 'out' });
      assert.ok(memory > 100 && memory === out, `${memory} packets in memory of ${out}`);
      await ben.presses(text.call.hangUp);
      await anna.sees(text.call.ended.hangup.title);
    });
  }
}

/**
 * Runs in the page: two connections of which the first may use the relay
 * alone, and is told of places that the relay refuses, and of all others when
 * it is released.
 * @param {{url: string, legs: {username: string, credential: string}[]}} o
 */
async function withPlacesOutside({ url, legs }) {
  const [a, b] = legs.map((leg) => new RTCPeerConnection({ iceServers: [{ urls: url, ...leg }], iceTransportPolicy: 'relay' }));
  /** Lets each be told of the other's places. @type {((v?: unknown) => void)[]} */
  const go = [];
  const ready = [new Promise((done) => { go[0] = done; }), new Promise((done) => { go[1] = done; })];
  for (const [i, [one, other]] of [[a, b], [b, a]].entries()) one.onicecandidate = ({ candidate }) => { if (candidate) void ready[i].then(() => other.addIceCandidate(candidate)); };
  try {
    const channel = a.createDataChannel('x');
    b.ondatachannel = (e) => { e.channel.onmessage = (m) => e.channel.send(m.data); };
    await a.setLocalDescription();
    await b.setRemoteDescription(/** @type {RTCSessionDescription} */ (a.localDescription));
    await b.setLocalDescription();
    await a.setRemoteDescription(/** @type {RTCSessionDescription} */ (b.localDescription));
    for (const [i, ip] of ['10.9.8.7', '203.0.113.9', '8.8.8.8'].entries()) {
      await a.addIceCandidate({ candidate: `candidate:${i + 1} 1 udp ${2130706431 - i} ${ip} ${5000 + i} typ host`, sdpMid: '0' });
    }
    go[0]();
    window.__release = go[1];
    await Promise.race([
      new Promise((done) => { channel.onopen = done; }),
      new Promise((_, no) => { setTimeout(() => no(new Error(`not connected: ${a.iceConnectionState}`)), 20_000); }),
    ]);
    const back = new Promise((done) => { channel.onmessage = (m) => done(m.data); });
    channel.send('hello');
    return await back;
  } finally {
    a.close();
    b.close();
  }
}

// Firefox is left out: whether it asks for permissions at these places was not settled.
for (const on of /** @type {const} */ (['chromium'])) {
  test(`what a closed relay refuses does no harm to what it carries, in ${on}`, async (t) => {
    const host = Object.values(networkInterfaces()).flat().find((a) => a && !a.internal && a.family === 'IPv4')?.address ?? '127.0.0.1';
    const relay = await startLone({ hosts: [host], args: ['--turn-closed', 'on'] });
    t.after(() => relay.stop());
    const anna = await stage.arrives('Anna', { on });
    await anna.page.goto(`${relay.admin}/turn-test`);
    const got = anna.page.evaluate(withPlacesOutside, { url: `turn:${host}:${relay.plain}?transport=udp`, legs: await relay.legs(`closed-${on}`) });
    got.catch(() => undefined); // it is waited for below
    await until('a refusal', async () => (await relay.metrics()).total(refused, { reason: 'closed' }) >= 1);
    await anna.page.evaluate(() => window.__release());
    assert.equal(await got, 'hello');
  });
}

/**
 * Two who know one relay each, and no other way.
 * @param {import('node:test').TestContext} t @param {import('./lib/browsers.mjs').Kind} one @param {import('./lib/browsers.mjs').Kind} two @param {string[]} args
 */
async function apart(t, one, two, args) {
  const relays = [await startRelay(stage.server.folder, args), await startRelay(stage.server.folder, args)];
  t.after(() => Promise.all(relays.map((r) => r.kill())));
  const local = { 'ringfence.relay': 'always', 'ringfence.turn': 'udp' };
  const at = (/** @type {number} */ i) => ({ local, before: (/** @type {Person} */ p) => p.page.evaluateOnNewDocument(through, relays[i].server('udp')) });
  const anna = await stage.arrives('Anna', { on: one, ...at(0) });
  const ben = await stage.arrives('Ben', { on: two, ...at(1) });
  await startCall(anna, ben, 'Ben');
  return { anna, ben, relays };
}

for (const [one, two] of pairs.slice(0, 2)) {
  test(`one at this relay and one at another, both open: ${one} calls ${two}`, async (t) => {
    const { anna, ben, relays } = await apart(t, one, two, []);
    await meet([anna, 1], [ben, 2]);
    for (const r of relays) assert.equal((await r.metrics()).total(path, { path: 'memory' }), 0);
    await ben.presses(text.call.hangUp);
    await anna.sees(text.call.ended.hangup.title);
  });

  test(`one at this relay and one at another, both closed: ${one} calls ${two}, and is told that there is no way`, async (t) => {
    const { anna, ben, relays } = await apart(t, one, two, ['--turn-closed', 'on']);
    for (const p of [anna, ben]) p.expected.push(/ICE failed/);
    await Promise.all([anna, ben].map((p) => p.sees(text.call.ended.failed.title, 90_000)));
    await anna.sees(text.call.ended.failed.why());
    await until('both relays saying why', async () => {
      const counts = await Promise.all(relays.map((r) => r.metrics().then((m) => m.total(refused, { reason: 'closed' }))));
      return counts.every((n) => n > 0) && relays.every((r) => /turn\.closed/.test(r.output()));
    });
    for (const r of relays) assert.equal((await r.metrics()).total('ringfence_relay_peer_packets_total'), 0);
  });
}
