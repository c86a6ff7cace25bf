// What happens around a call: declined, taken back, missed, muted,
// without camera, ended by a block.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { meet, setStage, startCall } from './lib/stage.mjs';
import { text } from './lib/text.mjs';
import { until } from './lib/wait.mjs';

/** @type {import('./lib/stage.mjs').Stage} */
let stage;
before(async () => { stage = await setStage({ names: ['Anna', 'Ben', 'Chi'], browsers: ['chromium', 'firefox'] }); });
beforeEach(() => stage.enter());
afterEach(() => stage?.leave());
after(() => stage?.close());

/** Who sits before which browser: each test is done twice, the other way round. Firefox draws only the window in front, so one person has it. */
const ways = /** @type {const} */ ([
  { way: 'from Firefox to Chromium', on: { Anna: 'firefox', Ben: 'chromium', Chi: 'chromium' } },
  { way: 'from Chromium to Firefox', on: { Anna: 'chromium', Ben: 'firefox', Chi: 'chromium' } },
]);

for (const { way, on } of ways) {
  const arrives = (/** @type {keyof typeof on} */ name, /** @type {object} */ options = {}) => stage.arrives(name, { on: on[name], ...options });

  /** Anna and Ben, who see each other. */
  async function together() {
    const anna = await arrives('Anna');
    const ben = await arrives('Ben');
    await ben.seesFriend('Anna', text.people.online);
    await anna.finds('button', text.people.videoCall('Ben'));
    return { anna, ben };
  }

  test(`a declined call says so: ${way}`, async () => {
    const { anna, ben } = await together();
    await anna.presses(text.people.videoCall('Ben'));
    await ben.sees(text.call.states.incomingVideo);
    await anna.sees(text.call.states.ringing);
    await ben.presses(text.call.decline);
    await anna.sees(text.call.ended.declined.why('Ben'));
    await ben.seesNo(text.call.states.incomingVideo);
  });

  test(`a call taken back is a missed call, gone when seen: ${way}`, async () => {
    const { anna, ben } = await together();
    await anna.presses(text.people.call('Ben'));
    await ben.sees(text.call.states.incoming);
    await anna.presses(text.call.cancel);
    await ben.sees(text.stage.missed('Anna'));
    await ben.presses(text.call.close);
    await ben.sees(text.people.missedCall('Anna'));
    assert.equal((await stage.api('Ben').call('GET', '/notices')).length ?? 1, 1);
    await ben.open('/');
    await ben.sees(text.people.missedCall('Anna'));
    await ben.presses(text.people.dismissWho('Anna'));
    await ben.seesNo(text.people.missedCall('Anna'));
    await ben.open('/');
    await ben.sees('Anna');
    assert.ok(!(await ben.reads()).includes(text.people.missedCall('Anna')));
  });

  test(`a call to a friend who is away ends with words, and waits as a notice: ${way}`, async () => {
    const anna = await arrives('Anna');
    await anna.presses(text.people.videoCall('Chi'));
    await anna.sees(text.call.ended.offline.why('Chi'), 15_000);
    const chi = await arrives('Chi');
    await chi.sees(text.people.missedVideo('Anna'));
  });

  test(`a call rings on every device and is answered on one: ${way}`, async () => {
    const { anna, ben } = await together();
    const phone = await arrives('Ben', { on: 'chromium' });
    await anna.presses(text.people.videoCall('Ben'));
    await phone.finds('button', text.call.accept);
    await ben.presses(text.call.accept);
    await phone.seesNo(text.call.states.incomingVideo);
    await meet([anna, 1], [ben, 2]);
    await ben.presses(text.call.hangUp);
  });

  test(`muted and without camera are seen on the other side: ${way}`, async () => {
    const { anna, ben } = await together();
    await startCall(anna, ben, 'Ben');
    await meet([anna, 1], [ben, 2]);
    await anna.presses(text.call.mute);
    await ben.sees(text.call.theyMuted('Anna'));
    await ben.hearsNothing();
    await anna.presses(text.call.mute);
    await ben.hears(1);
    await ben.presses(text.stage.camera);
    await anna.sees(text.call.theirCameraOff('Ben'));
    await until('no picture of Ben', () => anna.page.evaluate(() => window.__probe.pictures().every((/** @type {{side: number}} */ p) => p.side !== 2)));
    await ben.presses(text.stage.camera);
    await anna.watches(2);
    await anna.presses(text.call.hangUp);
  });

  test(`a voice call carries sound and no picture: ${way}`, async () => {
    const { anna, ben } = await together();
    await anna.presses(text.people.call('Ben'));
    await ben.presses(text.call.accept);
    await Promise.all([anna.hears(2), ben.hears(1)]);
    assert.deepEqual(await anna.page.evaluate(() => window.__asked), [{ audio: true, video: false }]);
    await ben.presses(text.call.hangUp);
    await anna.sees(text.call.ended.hangup.title);
  });

  test(`a block in the middle of a relayed call ends it and its allocations: ${way}`, async () => {
    const local = { 'ringfence.relay': 'always' };
    const anna = await arrives('Anna', { local });
    const chi = await arrives('Chi', { local });
    await startCall(anna, chi, 'Chi');
    await meet([anna, 1], [chi, 3]);
    const live = async () => (await stage.server.metrics()).total('ringfence_relay_allocations');
    assert.ok(await live() >= 2, 'a relayed call without allocations');
    await stage.api('Chi').call('PUT', `/friends/${stage.api('Anna').account}/block`);
    await until('no allocation at the relay', async () => await live() === 0, 1_000);
    await anna.sees(text.call.ended.reach.title);
    await chi.sees(text.call.ended.reach.title);
    await stage.api('Chi').call('DELETE', `/friends/${stage.api('Anna').account}/block`);
  });
}
