// What a device tells of a call's figures: all frames that leave the page are
// read, and what the program counts after them.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { meet, setStage, startCall } from './lib/stage.mjs';
import { text } from './lib/text.mjs';
import { until } from './lib/wait.mjs';

/** @type {import('./lib/stage.mjs').Stage} */
let stage;
before(async () => { stage = await setStage({ names: ['Anna', 'Ben'], browsers: ['chromium', 'firefox'] }); });
beforeEach(() => stage.enter());
afterEach(() => stage?.leave());
after(() => stage?.close());

/** Runs in the page: keeps each frame that it sends, as it leaves. */
function listen() {
  const sent = (window.__sent = /** @type {string[]} */ ([]));
  window.WebSocket = class extends WebSocket {
    /** @param {any} data */
    send(data) {
      sent.push(data);
      super.send(data);
    }
  };
}

/** The frames of a kind that a page sent. @param {import('./lib/person.mjs').Person} p @param {string} kind */
const sent = async (p, kind) => (await p.page.evaluate(() => /** @type {any} */ (window).__sent)).map((/** @type {string} */ s) => JSON.parse(s)).filter((/** @type {any} */ f) => f.kind === kind);

/** What the program has counted. */
const counted = async () => {
  const m = await stage.server.metrics();
  const ways = Object.fromEntries(['direct', 'udp', 'tcp', 'tls', 'relay'].map((way) => [way, m.total('ringfence_hub_connected_calls_total', { way })]));
  return { calls: m.total('ringfence_hub_connect_seconds_count'), seconds: m.total('ringfence_hub_connect_seconds_sum'), ...ways };
};

/** @param {Awaited<ReturnType<typeof counted>>} was */
const grew = async (was) => Object.fromEntries(Object.entries(await counted()).map(([k, v]) => [k, v - was[/** @type {keyof typeof was} */ (k)]]));

const on = { 'ringfence.measure': 'on' };
const hear = { before: (/** @type {import('./lib/person.mjs').Person} */ p) => p.page.evaluateOnNewDocument(listen).then(() => undefined) };
const still = { calls: 0, direct: 0, udp: 0, tcp: 0, tls: 0, relay: 0 };
const none = { ...still, seconds: 0 };

for (const [from, to, route] of /** @type {const} */ ([['chromium', 'firefox', 'udp'], ['firefox', 'chromium', 'tcp']])) {
  test(`one call over the relay by ${route}, told by both: ${from} to ${to}`, async () => {
    const local = { ...on, 'ringfence.relay': 'always', 'ringfence.turn': route };
    const anna = await stage.arrives('Anna', { on: from, local, ...hear });
    const ben = await stage.arrives('Ben', { on: to, local, ...hear });
    const was = await counted();
    const began = Date.now();
    await startCall(anna, ben, 'Ben');
    await meet([anna, 1], [ben, 2]);
    const within = (Date.now() - began) / 1000 + 0.1;
    for (const p of [anna, ben]) await until('being told', async () => (await sent(p, 'measured')).length > 0, 30_000);
    await until('being counted', async () => (await grew(was)).calls > 0, 5_000);
    const { seconds, ...rest } = await grew(was);
    assert.deepEqual(rest, { ...still, calls: 1, [route]: 1 });
    assert.ok(seconds > 0 && seconds < within, `${seconds} s, and all of it took ${within}`);
    for (const p of [anna, ben]) {
      const [frame, ...more] = await sent(p, 'measured');
      assert.deepEqual(more, []);
      assert.deepEqual(Object.keys(frame).sort(), ['body', 'call', 'id', 'kind', 'v']);
      const body = JSON.parse(Buffer.from(frame.body, 'base64url').toString());
      assert.deepEqual(Object.keys(body), ['tenths', 'way']);
      assert.equal(body.way, route);
    }
    await anna.presses(text.call.hangUp);
  });
}

test('whoever has not agreed tells nothing; a call that one side tells of is counted; the way is told where it is direct', async () => {
  const anna = await stage.arrives('Anna', hear);
  const ben = await stage.arrives('Ben', hear);
  const was = await counted();
  await startCall(anna, ben, 'Ben');
  await meet([anna, 1], [ben, 2]);
  await anna.page.evaluate(() => new Promise((done) => { setTimeout(done, 11_000); })); // past the moment in which it would be told
  await anna.presses(text.call.hangUp);
  await ben.seesFriend('Anna', text.people.online);
  for (const p of [anna, ben]) {
    assert.ok((await sent(p, 'media')).length > 0, 'no frame was seen at all');
    assert.deepEqual(await sent(p, 'measured'), []);
  }
  assert.deepEqual(await grew(was), none);

  await ben.open('/settings/privacy');
  await ben.presses(text.settings.measure, 'checkbox');
  assert.equal(await ben.page.evaluate(() => localStorage.getItem('ringfence.measure')), 'on');
  await startCall(anna, ben, 'Ben');
  await meet([anna, 1], [ben, 2]);
  await ben.presses(text.call.hangUp); // before it would be told
  await until('being counted', async () => (await grew(was)).calls > 0, 5_000);
  const { seconds, ...rest } = await grew(was);
  assert.deepEqual(rest, { ...still, calls: 1, direct: 1 });
  assert.ok(seconds > 0);
  assert.deepEqual(await sent(anna, 'measured'), []);

  await ben.open('/settings/privacy');
  await ben.presses(text.settings.measure, 'checkbox');
  assert.equal(await ben.page.evaluate(() => localStorage.getItem('ringfence.measure')), null);
});
