// Somebody calls while one talks: they wait, are taken in the other's place, or declined.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { fits } from './lib/inspect.mjs';
import { meet, setStage, startCall } from './lib/stage.mjs';
import { text } from './lib/text.mjs';
import { phone } from './lib/tour.mjs';

/** @type {import('./lib/stage.mjs').Stage} */
let stage;
before(async () => { stage = await setStage({ names: ['Anna', 'Ben', 'Chi', 'Dora'], browsers: ['chromium', 'firefox'] }); });
beforeEach(() => stage.enter());
afterEach(() => stage?.leave());
after(() => stage?.close());

for (const kind of /** @type {const} */ (['chromium', 'firefox'])) {
  /** Anna, before this browser, talks with Ben. Everybody else is in Chromium. */
  async function talking(options = {}) {
    const anna = await stage.arrives('Anna', { on: kind, ...options });
    const ben = await stage.arrives('Ben');
    await ben.seesFriend('Anna', text.people.online);
    await anna.finds('button', text.people.videoCall('Ben'));
    await startCall(anna, ben, 'Ben');
    await meet([anna, 1], [ben, 2]);
    return { anna, ben };
  }

  /** @param {string} name */
  async function rings(name) {
    const who = await stage.arrives(name);
    await who.seesFriend('Anna', text.people.online);
    await who.presses(text.people.videoCall('Anna'));
    return who;
  }

  test(`is taken, and the other hung up; a third is told busy: ${kind}`, async () => {
    const { anna, ben } = await talking({ size: phone });
    const chi = await rings('Chi');
    await anna.sees(text.call.callsToo('Chi'));
    await chi.sees(text.call.states.ringing);
    await meet([anna, 1], [ben, 2]); // which goes on
    await fits(anna, 'a call that waits');
    if (process.env.SHOTS) await anna.page.screenshot({ path: `${process.env.SHOTS}/waiting-${kind}-phone.png` });
    const dora = await rings('Dora');
    await dora.sees(text.call.ended.busy.why('Anna'));
    await anna.presses(text.call.switchTo);
    await ben.sees(text.call.ended.hangup.title);
    await meet([anna, 1], [chi, 3]);
    await anna.seesNo(text.call.callsToo('Chi'));
    await chi.presses(text.call.hangUp);
    await anna.sees(text.call.ended.hangup.title);
    await anna.presses(text.call.close);
    await anna.open('/calls');
    for (const name of ['Ben', 'Chi']) await anna.sees(name); // both were talked to
  });

  test(`is declined, and the call goes on: ${kind}`, async () => {
    const { anna, ben } = await talking();
    const chi = await rings('Chi');
    await anna.sees(text.call.callsToo('Chi'));
    if (process.env.SHOTS) await anna.page.screenshot({ path: `${process.env.SHOTS}/waiting-${kind}-wide.png` });
    await anna.presses(text.call.decline);
    await chi.sees(text.call.ended.declined.why('Anna'));
    await anna.seesNo(text.call.callsToo('Chi'));
    await meet([anna, 1], [ben, 2]);
  });

  test(`rings once the other call has ended: ${kind}`, async () => {
    const { anna, ben } = await talking();
    const chi = await rings('Chi');
    await anna.sees(text.call.callsToo('Chi'));
    await ben.presses(text.call.hangUp);
    await anna.presses(text.call.accept);
    await meet([anna, 1], [chi, 3]);
  });

  test(`gives up, and is a missed call: ${kind}`, async () => {
    const { anna, ben } = await talking();
    const chi = await rings('Chi');
    await anna.sees(text.call.callsToo('Chi'));
    await chi.presses(text.call.cancel);
    await anna.seesNo(text.call.callsToo('Chi'));
    await meet([anna, 1], [ben, 2]);
    await ben.presses(text.call.hangUp);
    await anna.presses(text.call.close);
    await anna.sees(text.people.missedVideo('Chi'));
    assert.equal((await stage.api('Anna').call('GET', '/notices')).length ?? 1, 1);
  });
}
