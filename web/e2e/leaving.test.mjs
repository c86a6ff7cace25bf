// A page that would be closed or loaded anew in the middle of a call: the
// browser asks first, and at no other time.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { talking } from './lib/on-stage.mjs';
import { setStage } from './lib/stage.mjs';
import { text } from './lib/text.mjs';
import { until } from './lib/wait.mjs';

/** @type {import('./lib/stage.mjs').Stage} */
let stage;
before(async () => { stage = await setStage({ names: ['Anna', 'Ben'], browsers: ['chromium', 'firefox'] }); });
beforeEach(() => stage.enter());
afterEach(() => stage?.leave());
after(() => stage?.close());

/** As the browser's own button does. @param {import('./lib/person.mjs').Person} p */
const reloads = (p) => p.page.evaluate(() => void setTimeout(() => location.reload(), 0));

for (const kind of /** @type {const} */ (['chromium', 'firefox'])) {
  test(`${kind}: loading the page anew asks in a call, and only then`, async () => {
    const { anna, ben } = await talking(stage, kind);
    anna.stays = true;
    await anna.page.evaluate(() => { window.__same = true; });
    await reloads(anna);
    await until('the question', () => anna.asked.length === 1);
    assert.deepEqual(anna.asked, ['beforeunload']);
    await pause(500);
    assert.equal(await anna.page.evaluate(() => window.__same), true, 'the page went');
    await anna.watches(2);
    await ben.watches(1);
    await anna.page.keyboard.press('Shift');
    await anna.presses(text.call.hangUp);
    await anna.sees(text.call.ended.hangup.title);
    await anna.page.reload();
    assert.equal(await anna.page.evaluate(() => window.__same), undefined, 'the page stayed');
    assert.equal(anna.asked.length, 1, 'asked after the call');
    await anna.finds('button', text.people.videoCall('Ben'));
  });

  test(`${kind}: whoever wants to go, goes`, async () => {
    const { anna, ben } = await talking(stage, kind);
    await reloads(anna);
    await ben.sees(text.call.ended.hangup.title, 20_000);
    assert.deepEqual(anna.asked, ['beforeunload']);
    await anna.finds('button', text.people.videoCall('Ben'));
  });
}
