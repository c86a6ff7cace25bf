// What one may want in the middle of a call: other devices, the details, a
// shared screen, a small window; and what is left of a call that was missed.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { accessible, fits } from './lib/inspect.mjs';
import { focused, pressed, talking } from './lib/on-stage.mjs';
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
  test(`${kind}: devices in mid-call, and one that is plugged in meanwhile`, async () => {
    const { anna } = await talking(stage, kind);
    await anna.presses(text.stage.more);
    await anna.presses(new RegExp(`^${text.stage.microphone}`));
    await anna.sees('Built-in');
    await anna.page.evaluate(() => window.__plug(['audioinput', 'headset', 'Headset']));
    await anna.sees('Headset');
    const asked = await anna.page.evaluate(() => window.__asked.length);
    await anna.page.evaluate(() => [...document.querySelectorAll('.more label')].find((l) => l.textContent.includes('Headset')).click());
    await until('the headset being asked for', async () => await anna.page.evaluate(() => window.__asked.length) > asked);
    assert.equal(await anna.page.evaluate(() => localStorage.getItem('ringfence.microphone')), 'headset');
    await anna.presses(text.stage.back);
    await until('the focus where one came from', async () => (await focused(anna)).startsWith(text.stage.microphone));
    await accessible(anna, 'more');
    await fits(anna, 'more');
    await anna.page.keyboard.press('Escape');
    await until('the focus back on More', async () => await focused(anna) === text.stage.more);
    assert.equal(await anna.page.evaluate(() => document.querySelector('[data-testid=call-state]')?.getAttribute('data-state')), 'connected');
  });

  test(`${kind}: the details, and a copy of them`, async () => {
    const { anna } = await talking(stage, kind);
    await anna.presses(text.stage.more);
    await anna.presses(text.stage.details);
    await anna.sees(text.stage.detail.directOver('UDP'));
    await anna.sees(/kbit\/s in/);
    await anna.sees(text.stage.detail.encrypted);
    await anna.sees(/opus/i);
    await accessible(anna, 'details');
    await anna.presses(text.stage.detail.copy);
    await anna.finds('button', text.stage.detail.copied);
    const copied = await anna.page.evaluate(() => window.__copied.join());
    assert.match(copied, /UDP/);
    assert.match(copied, /kbit\/s/);
  });

  test(`${kind}: a shared screen says so on both sides, and ends by its own button`, async () => {
    const { anna, ben } = await talking(stage, kind);
    await anna.presses(text.stage.share);
    await anna.sees(text.stage.sharing);
    await ben.sees(text.stage.theyShare('Anna'));
    await until('a picture shown whole', () => ben.page.evaluate(() => getComputedStyle(document.querySelector('#remote-video')).objectFit === 'contain'));
    assert.equal(await pressed(anna, text.stage.share), 'true');
    await accessible(anna, 'sharing');
    await anna.presses(text.stage.stopSharing);
    await anna.seesNo(text.stage.sharing);
    await ben.watches(1);
  });

  test(`${kind}: a missed call says who it was, and gives the focus back`, async () => {
    const anna = await stage.arrives('Anna');
    const ben = await stage.arrives('Ben', { on: kind });
    await ben.seesFriend('Anna', text.people.online);
    const before = await ben.page.evaluate(() => {
      const button = [...document.querySelectorAll('button, a')].filter((b) => b.checkVisibility()).at(-1);
      button.focus();
      return button.textContent;
    });
    await anna.presses(text.people.call('Ben'));
    await ben.finds('button', text.call.accept);
    await until('the focus on Accept', async () => await focused(ben) === text.call.accept);
    await ben.page.keyboard.press('Escape');
    await ben.sees(text.call.escHint);
    await anna.presses(text.call.cancel);
    await ben.sees(text.stage.missed('Anna'));
    await until('the focus on what is next', async () => await focused(ben) === text.stage.callBack);
    await accessible(ben, 'a missed call');
    await ben.page.keyboard.press('Escape');
    await ben.misses('button', text.stage.callBack);
    await until('the focus where it was', async () => await ben.page.evaluate(() => document.activeElement?.textContent) === before);
    await anna.presses(text.people.call('Ben'));
    await ben.finds('button', text.call.accept);
    await anna.presses(text.call.cancel);
    await ben.presses(text.stage.callBack);
    await anna.presses(text.call.accept);
    await Promise.all([anna.hears(2), ben.hears(1)]);
  });
}


test('chromium: the other’s picture in a window of its own', async () => {
  const { anna } = await talking(stage, 'chromium');
  const can = await anna.page.evaluate(() => document.pictureInPictureEnabled);
  await anna.presses(text.stage.more);
  if (!can) {
    assert.equal(await anna.look('button', text.stage.pictureInPicture), null);
    return;
  }
  await anna.presses(text.stage.pictureInPicture);
  await until('a small window', () => anna.page.evaluate(() => document.pictureInPictureElement?.id === 'remote-video'));
  await anna.presses(text.stage.more);
  await anna.presses(text.stage.pictureInPicture);
  await until('no small window', () => anna.page.evaluate(() => document.pictureInPictureElement === null));
});
