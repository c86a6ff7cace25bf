// The look at oneself before a call: it opens nothing by itself, says what is
// wrong and what to do, and closes everything on leaving.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setStage } from './lib/stage.mjs';
import { text } from './lib/text.mjs';
import { until } from './lib/wait.mjs';

const kinds = /** @type {const} */ (['chromium', 'firefox']);
const words = text.devices;

/** @type {import('./lib/stage.mjs').Stage} */
let stage;
before(async () => { stage = await setStage({ names: ['Anna'], browsers: [...kinds] }); });
beforeEach(() => stage.enter());
afterEach(() => stage?.leave());
after(() => stage?.close());

for (const on of kinds) {
  for (const path of ['/check', '/settings/devices']) {
    test(`one sees and hears oneself, and leaving closes it: ${path}, ${on}`, async () => {
      const anna = await stage.arrives('Anna', { on, path });
      await anna.finds('button', words.on);
      assert.equal(await anna.page.evaluate(() => window.__asked ?? null), null, 'asked before anybody pressed');
      await anna.presses(words.on);
      await anna.watches(1);
      await anna.sees(words.heard);
      await anna.page.evaluate(() => {
        window.__tracks = [...document.querySelectorAll('video')].flatMap((v) => v.srcObject?.getTracks() ?? []);
      });
      assert.equal(await anna.page.evaluate(() => window.__tracks.length), 2);
      await anna.page.evaluate(() => { history.pushState(null, '', '/'); dispatchEvent(new PopStateEvent('popstate')); });
      await until('everything being closed', () => anna.page.evaluate(() => window.__tracks.every((/** @type {MediaStreamTrack} */ t) => t.readyState === 'ended')));
    });
  }

  test(`it can be switched off again: ${on}`, async () => {
    const anna = await stage.arrives('Anna', { on, path: '/check' });
    await anna.presses(words.on);
    await anna.watches(1);
    await anna.presses(words.off);
    await anna.sees(words.closed);
    await anna.finds('button', words.on);
  });

  for (const [name, why] of /** @type {const} */ ([['NotAllowedError', 'media_denied'], ['NotFoundError', 'microphone_missing'], ['NotReadableError', 'media_in_use']])) {
    test(`what is wrong is said, with what to do: ${name}, ${on}`, async () => {
      const anna = await stage.arrives('Anna', { on, path: '/check', camera: name, microphone: name });
      await anna.presses(words.on);
      await anna.sees(text.errors.codes[why]);
      await anna.finds('button', words.again);
    });
  }

  test(`without a camera there is still sound: ${on}`, async () => {
    const anna = await stage.arrives('Anna', { on, path: '/check', camera: 'NotFoundError' });
    await anna.presses(words.on);
    await anna.sees(text.errors.codes.camera_missing);
    await anna.sees(words.heard);
  });

  test(`the loudspeaker is tried: ${on}`, async () => {
    const anna = await stage.arrives('Anna', { on, path: '/check' });
    await anna.presses(words.play);
    await anna.sees(words.didYouHear);
    await anna.presses(words.no);
    await anna.sees(words.unheard);
    await anna.presses(words.play);
    await anna.presses(words.yes);
    await anna.sees(words.heardSpeaker);
  });
}

test('a microphone that is chosen is kept', async () => {
  const anna = await stage.arrives('Anna', { path: '/check', real: true });
  await anna.presses(words.on);
  const pick = async () => anna.page.evaluate((label) => {
    const select = [...document.querySelectorAll('select')].find((s) => s.labels[0]?.textContent === label);
    return [...(select?.options ?? [])].map((o) => ({ value: o.value, words: o.text, chosen: o.selected }));
  }, words.microphone);
  const options = await until('microphones by name', async () => {
    const all = await pick();
    return all.length > 1 && /Fake/.test(all[1].words) ? all : null;
  });
  await anna.page.evaluate((label, value) => {
    const select = [...document.querySelectorAll('select')].find((s) => s.labels[0]?.textContent === label);
    select.value = value;
    select.dispatchEvent(new Event('change', { bubbles: true }));
  }, words.microphone, options[1].value);
  await anna.open('/check');
  await anna.presses(words.on);
  await until('the same one', async () => (await pick()).find((o) => o.chosen)?.value === options[1].value);
});
