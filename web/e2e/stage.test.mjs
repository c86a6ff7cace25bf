// The stage of a call, as people use it: controls that step aside and come
// back, one's own picture in a corner, talking while muted, the whole screen.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { corner, longer, middle, pressed, stageIs, stepsAside, talking } from './lib/on-stage.mjs';
import { setStage } from './lib/stage.mjs';
import { text } from './lib/text.mjs';
import { until } from './lib/wait.mjs';

/** @type {import('./lib/stage.mjs').Stage} */
let stage;
before(async () => { stage = await setStage({ names: ['Anna', 'Ben', 'Chi'], browsers: ['chromium', 'firefox'] }); });
beforeEach(() => stage.enter());
afterEach(() => stage?.leave());
after(() => stage?.close());

for (const kind of /** @type {const} */ (['chromium', 'firefox'])) {
  test(`${kind}: the controls step aside for a picture, and come back`, async () => {
    const { anna, ben } = await talking(stage, kind);
    await anna.page.mouse.move(600, 300);
    await stepsAside(anna);
    await anna.page.mouse.move(610, 310);
    await until('the controls at a move', async () => !await stageIs(anna, 'bare'));
    await stepsAside(anna);
    await anna.page.keyboard.press('Shift');
    await until('the controls at a key', async () => !await stageIs(anna, 'bare'));
    await anna.page.focus(`[aria-label="${text.stage.camera}"]`); // as Tab does
    await anna.page.keyboard.press('Tab');
    await pause(longer);
    assert.equal(await stageIs(anna, 'bare'), false, 'gone from under the focus');
    await anna.page.evaluate(() => document.querySelector('dialog.call').focus());
    await anna.presses(text.stage.more);
    await anna.page.mouse.move(620, 60);
    await pause(longer);
    assert.equal(await stageIs(anna, 'bare'), false, 'gone from under a sheet');
    await anna.page.keyboard.press('Escape');
    await ben.page.keyboard.press('v');
    await anna.sees(text.call.theirCameraOff('Ben'));
    await pause(longer);
    assert.equal(await stageIs(anna, 'bare'), false, 'gone though there is no picture');
    assert.equal(await anna.page.evaluate(() => document.querySelector('[data-testid=call-state]')?.getAttribute('data-state')), 'connected');
  });

  test(`${kind}: one's own picture moves by key, by hand and by a press, and stays there`, async () => {
    const { anna } = await talking(stage, kind);
    await anna.page.focus('.self');
    assert.equal(await corner(anna), 'end-end');
    await anna.page.keyboard.press('ArrowLeft');
    assert.equal(await corner(anna), 'end-start');
    await anna.sees(text.stage.selfAt.bottomLeft);
    await anna.page.keyboard.press('ArrowUp');
    await anna.sees(text.stage.selfAt.topLeft);
    await pause(300); // it glides
    const at = await middle(anna, '.self');
    await anna.page.mouse.move(at.x, at.y);
    await anna.page.mouse.down();
    await anna.page.mouse.move(700, 500, { steps: 4 });
    await anna.page.mouse.move(1000, 600, { steps: 4 });
    await anna.page.mouse.up();
    await anna.sees(text.stage.selfAt.bottomRight);
    assert.equal(await corner(anna), 'end-end');
    await pause(300);
    await anna.presses(text.stage.selfMove);
    assert.equal(await corner(anna), 'end-start');
    assert.equal(await anna.page.evaluate(() => localStorage.getItem('ringfence.self')), 'end-start');
  });

  test(`${kind}: keys mute, show and hide the picture, and the space bar talks`, async () => {
    const { anna, ben } = await talking(stage, kind);
    await anna.page.keyboard.press('m');
    await ben.sees(text.call.theyMuted('Anna'));
    await ben.hearsNothing();
    assert.equal(await pressed(anna, text.call.mute), 'true');
    await anna.sees(text.stage.mutedSpeaking); // her microphone hums
    await anna.page.keyboard.down(' ');
    await anna.sees(text.stage.talking);
    await ben.hears(1);
    await anna.page.keyboard.up(' ');
    await ben.hearsNothing();
    await anna.presses(text.call.mute);
    await ben.hears(1);
    await anna.presses(text.call.mute); // the mouse leaves the focus on the button; the space bar talks all the same
    await ben.hearsNothing();
    await anna.page.keyboard.down(' ');
    await ben.hears(1);
    await anna.page.keyboard.up(' ');
    await ben.hearsNothing();
    await anna.page.keyboard.press('v');
    await ben.sees(text.call.theirCameraOff('Anna'));
    await anna.page.keyboard.press('v');
    await ben.watches(1);
  });

  test(`${kind}: full screen, and what is open in it`, async () => {
    const { anna } = await talking(stage, kind);
    await anna.page.mouse.click(600, 300);
    await anna.page.keyboard.press('f');
    await until('full screen', () => anna.page.evaluate(() => document.fullscreenElement?.classList.contains('stage')));
    await anna.presses(text.stage.more);
    await anna.presses(text.stage.leaveFullScreen);
    await until('no full screen', () => anna.page.evaluate(() => document.fullscreenElement === null));
    await anna.watches(2);
  });
}
