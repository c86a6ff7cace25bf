// A network that gets narrow: the picture gives way, waits, and comes back by
// itself, and the sound goes on all the while. The bottleneck is a real one,
// in the network that run.mjs makes for these tests.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { narrow, ownNetwork, widen } from './lib/narrow.mjs';
import { toneOf } from './lib/person.mjs';
import { phone, talk } from './lib/phone.mjs';
import { setStage } from './lib/stage.mjs';
import { until } from './lib/wait.mjs';

/** @type {import('./lib/stage.mjs').Stage} */
let stage;
before(async () => { stage = await setStage({ names: ['Anna', 'Ben'], browsers: ['chromium', 'firefox'] }); });
beforeEach(() => stage.enter());
afterEach(() => {
  if (ownNetwork) widen();
  return stage?.leave();
});
after(() => stage?.close());

/** The UDP port that a phone sends from. @param {import('./lib/phone.mjs').Phone} p @returns {Promise<number>} */
const portOf = (p) => p.page.evaluate(async () => {
  const stats = new Map();
  (await window.__probe.connections.at(-1).getStats()).forEach((s) => stats.set(s.id, s));
  const all = [...stats.values()];
  const chosen = all.find((s) => s.type === 'transport')?.selectedCandidatePairId;
  const pair = stats.get(chosen) ?? all.find((s) => s.type === 'candidate-pair' && s.nominated && s.state === 'succeeded');
  return stats.get(pair.localCandidateId).port;
});

/** Packets of sound that came, and that did not. @param {import('./lib/phone.mjs').Phone} p */
const sound = (p) => p.page.evaluate(async () => {
  const figures = { got: 0, lost: 0 };
  (await window.__probe.connections.at(-1).getStats()).forEach((s) => {
    if (s.type === 'inbound-rtp' && s.kind === 'audio') Object.assign(figures, { got: s.packetsReceived, lost: s.packetsLost });
  });
  return figures;
});

/** The largest picture that is let out, in kbit/s. @param {import('./lib/phone.mjs').Phone} p @returns {Promise<number>} */
const cap = (p) => p.page.evaluate(() => {
  const sender = window.__probe.connections.at(-1).getSenders().find((s) => s.track?.kind === 'video');
  return sender.getParameters().encodings[0].maxBitrate / 1000;
});

for (const [from, to] of /** @type {const} */ ([['chromium', 'firefox'], ['firefox', 'chromium']])) {
  test(`${from} keeps talking to ${to} where there is no room for a picture`, { skip: ownNetwork ? false : 'it would narrow the machine’s own network' }, async (t) => {
    const anna = await phone(stage, 'Anna', { on: from });
    const ben = await phone(stage, 'Ben', { on: to });
    await talk(anna, ben, stage.api('Ben').account);
    await ben.person.watches(1);
    await until('the first rung', async () => await cap(anna) === 1500);

    const caps = new Set();
    const wide = narrow(await portOf(anna), 80);
    const start = Date.now();
    await until('the picture being held', async () => {
      caps.add(await cap(anna));
      return anna.read('held');
    }, 30_000);
    const heldAfter = Date.now() - start;
    await ben.waits('remote', (r) => r.held === true && r.video && r.audio);
    assert.ok(await anna.read('camera'), 'the camera was closed');
    assert.equal(await anna.read('shown'), 1);

    await new Promise((done) => setTimeout(done, 4_000)); // what stands in the queue is gone
    const before = await sound(ben);
    await new Promise((done) => setTimeout(done, 6_000));
    const now = await sound(ben);
    const got = now.got - before.got, lost = now.lost - before.lost;
    t.diagnostic(`held after ${heldAfter} ms by way of ${[...caps].join(', ')} kbit/s; then ${got} packets of sound came and ${lost} did not`);
    assert.ok(got > 200, `only ${got} packets of sound in six seconds`);
    assert.ok(lost / (got + lost) < 0.03, `${lost} of ${got + lost} packets of sound were lost`);
    await ben.person.hears(1);
    assert.ok(await ben.page.evaluate((hz) => window.__probe.loudness(hz) > -60, toneOf(1)));

    wide();
    await anna.waits('held', (h) => h === false, 30_000);
    await ben.waits('remote', (r) => !r.held && r.video);
    await ben.person.watches(1);
    await until('a larger picture', async () => await cap(anna) > 100, 20_000);
  });
}
