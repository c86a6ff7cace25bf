// A relay that starts anew has lost its allocations. A relayed call is heard
// again within moments, without anybody doing anything: where the whole
// program was killed and is back, and where a relay was that runs alone.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { toneOf } from './lib/person.mjs';
import { startRelay, through } from './lib/relay.mjs';
import { meet, setStage, startCall } from './lib/stage.mjs';
import { text } from './lib/text.mjs';
import { until } from './lib/wait.mjs';

/** @typedef {import('./lib/person.mjs').Person} Person */

/** @type {import('./lib/stage.mjs').Stage} */
let stage;
before(async () => { stage = await setStage({ names: ['Anna', 'Ben'], browsers: ['chromium', 'firefox'] }); });
beforeEach(() => stage.enter());
afterEach(() => stage?.leave());
after(() => stage?.close());

/** Runs in the page: notes every 20 ms whether a tone is heard, with the time. @param {number} hertz */
function listenFor(hertz) {
  /** @type {[number, boolean][]} */
  const heard = [];
  window.__heard = heard;
  setInterval(() => void heard.push([Date.now(), window.__probe.loudness(hertz) > -60]), 20);
}

/**
 * The silence after a moment, once it is over for two seconds: a browser goes
 * on for a while with what it has, and may bridge a short one altogether.
 * @param {Person} p @param {number} since
 */
async function silenceOf(p, since) {
  /** @type {[number, boolean][]} */
  const all = (await p.page.evaluate(() => window.__heard)).filter((/** @type {[number, boolean]} */ [at]) => at > since);
  const first = all.findIndex(([, on]) => !on);
  const last = all.findLastIndex(([, on]) => !on);
  const now = all.at(-1)?.[0] ?? since;
  if (first < 0) return now > since + 8000 ? { from: since, until: since } : undefined;
  return now > all[last][0] + 2000 ? { from: all[first][0], until: all[last][0] } : undefined;
}

/** What a page says where its server is gone. */
const failing = /WebSocket|Failed to load resource|ERR_|can’t establish a connection/;

/** Begins to listen, and returns once sound has come for three seconds, most of the time: a busy machine stutters. @param {Person} p @param {number} side */
async function listens(p, side) {
  await p.page.evaluate(listenFor, toneOf(side));
  await until('three seconds of sound', () => p.page.evaluate(() => window.__heard.filter((/** @type {[number, boolean]} */ [, on]) => on).length > 150), 20_000);
}

/** They still see and hear each other, and can tell each other things. @param {Person} anna @param {Person} ben */
async function goesOn(anna, ben) {
  await meet([anna, 1], [ben, 2]);
  await anna.presses(text.stage.camera);
  await ben.sees(text.call.theirCameraOff('Anna'));
  await ben.presses(text.call.hangUp);
  await anna.sees(text.call.ended.hangup.title);
}

/**
 * Two who talk over the relay, and listen.
 * @param {import('./lib/browsers.mjs').Kind} one @param {import('./lib/browsers.mjs').Kind} two @param {object} [options]
 */
async function relayed(one, two, { turn = 'udp', ...options } = {}) {
  const local = { 'ringfence.relay': 'always', 'ringfence.turn': turn };
  const anna = await stage.arrives('Anna', { on: one, local, ...options });
  const ben = await stage.arrives('Ben', { on: two, local, ...options });
  for (const p of [anna, ben]) p.expected.push(failing);
  await startCall(anna, ben, 'Ben');
  await meet([anna, 1], [ben, 2]);
  for (const p of [anna, ben]) assert.deepEqual(await p.route().then((r) => [r.local, r.relayProtocol]), ['relay', turn]);
  await listens(anna, 2);
  await listens(ben, 1);
  return { anna, ben };
}

/**
 * Waits until both hear each other again, and says how long that took.
 * @param {import('node:test').TestContext} t @param {Person} anna @param {Person} ben @param {number} since @param {number} [back] when there was a relay again
 */
async function recovers(t, anna, ben, since, back = since) {
  for (const [name, p] of /** @type {const} */ ([['the caller', anna], ['the callee', ben]])) {
    const s = await until(`${name} hearing again`, () => silenceOf(p, since), 15_000).catch(async (err) => { throw new Error(`${err.message}\nthe page says: ${await p.reads()}`); });
    assert.ok(s.until - back < 10_000, `${name} hears again only after ${s.until - back} ms`);
    const after = back === since ? '' : `, ${s.until - back} ms after it was ready`;
    t.diagnostic(s.until === since ? `${name} heard no silence` : `${name} hears again after ${s.until - since} ms${after}; silent from ${s.from - since} ms on`);
  }
  for (const p of [anna, ben]) assert.equal((await p.route()).local, 'relay');
  await goesOn(anna, ben);
}

const pairs = /** @type {const} */ ([['chromium', 'firefox'], ['firefox', 'chromium'], ['chromium', 'chromium']]); // Firefox draws only the window in front

for (const [one, two] of pairs) {
  for (const [down, turn] of /** @type {const} */ ([[0, 'udp'], [5000, 'udp'], [0, 'tcp']])) {
    test(`the program is killed, and ${down === 0 ? 'at once' : `${down / 1000} s later`} started again, in a call relayed over ${turn}: ${one} calls ${two}`, async (t) => {
      const { anna, ben } = await relayed(one, two, { turn });
      const killed = Date.now();
      await stage.server.crash();
      await until('the end of the outage', () => Date.now() - killed >= down);
      await stage.server.again();
      t.diagnostic(`the program was ready ${Date.now() - killed} ms after the kill`);
      await recovers(t, anna, ben, killed, Date.now());
    });
  }
}

test('a call that needs no relay goes on as it is while the program is killed and starts again', async () => {
  const anna = await stage.arrives('Anna');
  const ben = await stage.arrives('Ben', { on: 'firefox' });
  for (const p of [anna, ben]) p.expected.push(failing);
  await startCall(anna, ben, 'Ben');
  await meet([anna, 1], [ben, 2]);
  const ways = () => Promise.all([anna, ben].map((p) => p.page.evaluate(() => window.__probe.connections.map((c) => [c.connectionState, /a=ice-ufrag:.*/.exec(c.localDescription?.sdp ?? '')?.[0]]))));
  const before = await ways();
  await stage.server.crash();
  await meet([anna, 1], [ben, 2]);
  await stage.server.again();
  await anna.presses(text.call.mute);
  await ben.sees(text.call.theyMuted('Anna'));
  await anna.presses(text.call.mute);
  assert.deepEqual(await ways(), before);
  await goesOn(anna, ben);
});

for (const [one, two] of pairs) {
  for (const turn of /** @type {const} */ (['udp', 'tcp'])) {
    test(`a relay that runs alone is killed and starts again, in a call relayed over ${turn}: ${one} calls ${two}`, async (t) => {
      const relay = await startRelay(stage.server.folder);
      t.after(() => relay.kill());
      const { anna, ben } = await relayed(one, two, { turn, before: (/** @type {Person} */ p) => p.page.evaluateOnNewDocument(through, relay.server(turn)) });
      const killed = Date.now();
      await relay.kill();
      await relay.again();
      t.diagnostic(`the relay was ready ${Date.now() - killed} ms after the kill`);
      await recovers(t, anna, ben, killed, Date.now());
    });
  }
}
