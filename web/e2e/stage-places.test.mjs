// The stage of a call on phones, narrow screens and the other way round; and
// the end of a call that found nobody.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { accessible, fits } from './lib/inspect.mjs';
import { corner, machine, middle, pressed, stageIs, stepsAside, talking } from './lib/on-stage.mjs';
import { setStage } from './lib/stage.mjs';
import { text } from './lib/text.mjs';
import { until } from './lib/wait.mjs';

/** @type {import('./lib/stage.mjs').Stage} */
let stage;
before(async () => { stage = await setStage({ names: ['Anna', 'Ben', 'Chi'] }); });
beforeEach(() => stage.enter());
afterEach(() => stage?.leave());
after(() => stage?.close());

test('on a phone the first touch only brings the controls back', async () => {
  const { anna } = await talking(stage, 'chromium', { size: { width: 360, height: 740, hasTouch: true, isMobile: true } });
  const mute = await middle(anna, `[aria-label="${text.call.mute}"]`);
  await stepsAside(anna);
  await anna.page.touchscreen.tap(mute.x, mute.y);
  await until('the controls at a touch', async () => !await stageIs(anna, 'bare'));
  assert.equal(await pressed(anna, text.call.mute), 'false', 'pressed unseen');
  await pause(600);
  await anna.page.touchscreen.tap(mute.x, mute.y);
  await until('muted at the second', async () => await pressed(anna, text.call.mute) === 'true');
});

for (const [what, size, local] of /** @type {const} */ ([
  ['a phone on its side', { width: 740, height: 360 }, {}],
  ['a narrow phone', { width: 320, height: 568 }, {}],
  ['a wide screen at 200 %', { width: 640, height: 400 }, {}],
  ['words that run the other way', { width: 360, height: 740 }, { 'ringfence.lang': 'pseudo-rtl' }],
])) {
  test(`everything has its place: ${what}`, async () => {
    const anna = await stage.arrives('Anna', { size, local });
    const ben = await stage.arrives('Ben');
    await anna.page.evaluate(machine);
    await ben.seesFriend('Anna', text.people.online);
    await ben.presses(text.people.videoCall('Anna'));
    await anna.page.waitForSelector('.ringing [data-next]');
    await fits(anna, 'ringing');
    await anna.page.click('.ringing [data-next]');
    await anna.watches(2);
    await fits(anna, 'a call');
    const seen = await anna.page.evaluate(() => [...document.querySelectorAll('.controls button')].map((b) => b.getBoundingClientRect()).every((r) => r.left >= 0 && r.right <= innerWidth && r.top >= 0 && r.bottom <= innerHeight && r.width >= 44 && r.height >= 44));
    assert.ok(seen, 'a control out of sight or too small');
    await anna.page.keyboard.press('m');
    await anna.page.click('.controls [popovertarget]');
    await anna.page.waitForSelector('.more:popover-open h2');
    await fits(anna, 'more');
    await anna.page.keyboard.press('Escape');
    if ('ringfence.lang' in local) {
      const { x } = await middle(anna, '.self');
      assert.ok(x < 180, 'one’s own picture is at the end of the line: left');
      await anna.page.focus('.self');
      await anna.page.keyboard.press('ArrowRight');
      assert.equal(await corner(anna), 'end-start');
    }
    await ben.presses(text.call.hangUp);
    await anna.page.waitForSelector('.over');
    await fits(anna, 'the end');
  });
}

test('who was not here is seen to come, and is called again', async () => {
  const anna = await stage.arrives('Anna');
  await anna.presses(text.people.videoCall('Chi'));
  await anna.sees(text.call.ended.offline.why('Chi'), 15_000);
  await anna.sees(text.stage.waitHere('Chi'));
  await accessible(anna, 'nobody here');
  const chi = await stage.arrives('Chi');
  await anna.sees(text.stage.hereNow('Chi'));
  await anna.presses(text.call.again);
  await chi.finds('button', text.call.accept);
  await chi.page.keyboard.press('Escape');
  await chi.sees(text.call.escHint);
  await chi.page.keyboard.press('Escape');
  await anna.sees(text.call.ended.declined.why('Chi'));
  await anna.page.keyboard.press('Escape');
  await anna.finds('button', text.people.videoCall('Chi'));
});
