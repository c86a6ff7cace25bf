// The card that offers a new version, or what makes calls better: beside
// everything that one can press, and never over it.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { crowd } from './lib/crowd.mjs';
import { settled } from './lib/look.mjs';
import { setStage } from './lib/stage.mjs';
import { cut, kept } from './lib/tabs.mjs';
import { text } from './lib/text.mjs';
import { versions } from './lib/versions.mjs';

const kinds = /** @type {const} */ (['chromium', 'firefox']);

/** @type {import('./lib/stage.mjs').Stage} */
let stage;
before(async () => { stage = await setStage({ names: ['Anna', 'Ben'], browsers: [...kinds] }); });
beforeEach(() => stage.enter());
afterEach(() => stage?.leave());
after(() => stage?.close());

/** What can be pressed and shares room with the card, by the parts that are seen. @param {import('./lib/person.mjs').Person} p */
const meets = (p) => p.page.evaluate(() => {
  const card = document.querySelector('.offer');
  if (!card) throw new Error('there is no card');
  const { left, right, top, bottom } = card.getBoundingClientRect();
  if (left < 0 || top < 0 || right > innerWidth || bottom > innerHeight) throw new Error(`the card leaves the window: ${[left, top, right, bottom]}`);
  return [...document.querySelectorAll('a[href], button, input, [tabindex="0"]')].filter((e) => !card.contains(e) && e.checkVisibility({ visibilityProperty: true })).filter((e) => {
    let { left: l, right: r, top: t, bottom: b } = e.getBoundingClientRect();
    for (let around = e.parentElement; around; around = around.parentElement) {
      if (getComputedStyle(around).overflowY === 'visible') continue;
      const box = around.getBoundingClientRect();
      [l, r, t, b] = [Math.max(l, box.left), Math.min(r, box.right), Math.max(t, box.top), Math.min(b, box.bottom)];
    }
    return Math.min(r, right) - Math.max(l, left) > 0 && Math.min(b, bottom) - Math.max(t, top) > 0;
  }).map((e) => e.textContent || e.getAttribute('aria-label'));
});

for (const on of kinds) {
  for (const size of [{ width: 360, height: 740 }, { width: 740, height: 360 }, { width: 1280, height: 800 }]) {
    test(`a card lies over nothing that can be pressed, at ${size.width} × ${size.height}: ${on}`, async (t) => {
      const front = await versions(stage.server.ports.http);
      t.after(() => front.close());
      const p = await stage.arrives('Anna', { on, size, origin: front.origin });
      p.expected.push(...cut);
      await kept(p);
      await crowd(p.page, stage.api('Anna'), 40); // a list that is longer than the window
      const ways = ['/', `/people/${stage.api('Ben').account}`, '/settings', '/settings/devices'];
      await p.open(ways[0]);
      await p.sees('Friend 0001');
      front.update();
      await p.sees(text.attention.updateReady, 20_000);
      for (const way of ways) {
        await p.page.evaluate((to) => { history.pushState(null, '', to); dispatchEvent(new PopStateEvent('popstate')); }, way);
        await p.finds('heading', /./);
        await settled(p);
        if (process.env.SHOTS) await p.page.screenshot({ path: `${process.env.SHOTS}/${on}-${size.width}${way.replaceAll('/', '_').slice(0, 18)}.png` });
        assert.deepEqual(await meets(p), [], way);
      }
    });
  }
}
