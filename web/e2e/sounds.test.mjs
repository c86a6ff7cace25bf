// What is heard, and in which of several tabs: one of them rings.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setStage } from './lib/stage.mjs';
import { hide, presses, rings, spy, tabOf } from './lib/tabs.mjs';
import { text } from './lib/text.mjs';
import { until } from './lib/wait.mjs';

/** @type {import('./lib/stage.mjs').Stage} */
let stage;
before(async () => { stage = await setStage({ names: ['Anna', 'Ben'], browsers: ['chromium', 'firefox'] }); });
beforeEach(() => stage.enter());
afterEach(() => stage?.leave());
after(() => stage?.close());

for (const kind of /** @type {const} */ (['chromium', 'firefox'])) {
  test(`ring, ring-back, connect and end are heard in ${kind}`, async () => {
    const anna = await stage.arrives('Anna', { on: kind });
    const ben = await stage.arrives('Ben', { on: kind });
    await spy(anna);
    await spy(ben);
    await ben.seesFriend('Anna', text.people.online);
    await presses(anna, text.people.call('Ben'));
    await until('Ben’s ring and Anna’s ring-back', async () => await rings(ben) && await rings(anna));
    const [ring, back] = await Promise.all([ben, anna].map((p) => p.page.evaluate(() => ({ ...window.__sounds.at(-1), state: window.__sounds.at(-1).state() }))));
    assert.notEqual(ring.seconds, back.seconds);
    for (const sound of [ring, back]) assert.ok(sound.loop && sound.peak > 0.08 && sound.peak < 0.6, JSON.stringify(sound));
    await until('the ring running', () => ben.page.evaluate(() => window.__sounds.at(-1).state() === 'running'));
    await presses(ben, text.call.accept);
    await until('silence, then a short sound', async () => !await rings(ben) && await ben.page.evaluate(() => window.__sounds.some((/** @type {any} */ s) => !s.loop)));
    assert.equal(await rings(anna), false);
    await presses(anna, text.call.hangUp);
    await until('the end being heard on both sides', async () => {
      const ends = await Promise.all([anna, ben].map((p) => p.page.evaluate(() => window.__sounds.filter((/** @type {any} */ s) => !s.loop).length)));
      return ends.every((n) => n === 2);
    });
  });

  test(`one of three tabs rings in ${kind}, a visible one first, and another takes over`, async () => {
    const anna = await stage.arrives('Anna', { on: kind });
    const one = await stage.arrives('Ben', { on: kind });
    await spy(one);
    const two = await tabOf(one, 2);
    const three = await tabOf(one, 2);
    await hide(one, true);
    await hide(three, true);
    for (const tab of [one, two, three]) await tab.seesFriend('Anna', text.people.online);
    await presses(anna, text.people.call('Ben'));
    for (const tab of [one, two, three]) await tab.finds('button', text.call.accept);
    const ringing = () => Promise.all([one, two, three].filter((t) => !t.gone).map(rings));
    await until('the tab that is seen ringing', async () => (await ringing()).join() === 'false,true,false');
    await hide(two, true);
    await until('one of the hidden ones ringing', async () => (await ringing()).filter(Boolean).length === 1);
    await hide(one, false);
    await until('the one that is seen now ringing', async () => (await ringing()).join() === 'true,false,false', 2_000);
    await two.page.close();
    two.gone = true;
    await hide(one, true);
    await hide(three, false);
    await until('the other ringing', async () => (await ringing()).join() === 'false,true', 2_000);
    await three.page.close();
    three.gone = true;
    await until('the last tab ringing within a second', async () => (await ringing()).join() === 'true', 1_000);
    await presses(one, text.call.decline);
    await anna.sees(text.call.ended.declined.title);
    await until('silence', async () => !(await rings(one)));
  });
}

test('sounds that are off stay off', async () => {
  const anna = await stage.arrives('Anna');
  const ben = await stage.arrives('Ben', { local: { 'ringfence.sounds': 'no' } });
  await spy(ben);
  await ben.seesFriend('Anna', text.people.online);
  await presses(anna, text.people.call('Ben'));
  await ben.finds('button', text.call.accept);
  assert.equal(await rings(ben), false);
  await presses(ben, text.call.decline);
  await anna.sees(text.call.ended.declined.title);
});
