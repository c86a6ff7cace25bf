// What a person needs who enlarges everything, or has nothing but the keys:
// nothing lies over anything else, nothing moves under the hand, and looking
// for somebody ends at them.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { talking } from './lib/on-stage.mjs';
import { setStage } from './lib/stage.mjs';
import { text } from './lib/text.mjs';
import { until } from './lib/wait.mjs';

const kinds = /** @type {const} */ (['chromium', 'firefox']);
const desktop = { width: 1280, height: 800 };
const enlarged = { width: 640, height: 400 }; // what is left of it at 200 %

/** @type {import('./lib/stage.mjs').Stage} */
let stage;
before(async () => { stage = await setStage({ names: ['Anna', 'Ben', 'Chi'], browsers: [...kinds] }); });
beforeEach(() => stage.enter());
afterEach(() => stage?.leave());
after(() => stage?.close());

/** @param {import('./lib/person.mjs').Person} p @param {string} selector */
const box = async (p, selector) => p.page.evaluate((s) => {
  const { left, right, top, bottom, width } = /** @type {Element} */ (document.querySelector(s)).getBoundingClientRect();
  return { left, right, top, bottom, width };
}, selector);

for (const on of kinds) {
  test(`Enter goes to the first who is found: ${on}`, async () => {
    const p = await stage.arrives('Anna', { on, size: desktop });
    await p.writes(text.people.search, 'ch');
    await p.page.keyboard.press('Enter');
    await p.finds('heading', 'Chi');
    assert.equal(await p.page.evaluate(() => location.pathname), `/people/${stage.api('Chi').account}`);
    await p.writes(text.people.search, 'zzz');
    await p.page.keyboard.press('Enter');
    assert.equal(await p.page.evaluate(() => location.pathname), `/people/${stage.api('Chi').account}`);
  });

  test(`what is said beneath a field moves nothing above it: ${on}`, async () => {
    const p = await stage.arrives('Anna', { on, size: desktop, api: undefined, path: `/invite#${await stage.api('Anna').invite()}` });
    p.expected.push(/\b401\b/);
    await p.presses(text.invite.begin);
    await p.finds('heading', text.invite.nameTitle);
    const before = (await box(p, 'h1')).top;
    await p.presses(text.invite.next);
    await p.page.waitForSelector('[aria-invalid="true"]');
    assert.equal((await box(p, 'h1')).top, before);
  });

  test(`one's own picture lies beside the controls where everything is enlarged: ${on}`, async () => {
    const { anna } = await talking(stage, on);
    await anna.page.setViewport(enlarged);
    await until('the picture beside the controls', async () => {
      await anna.stirs();
      const [mine, row] = [await box(anna, '.self'), await box(anna, '.controls')];
      return mine.width >= 80 && mine.right <= enlarged.width && (mine.left >= row.right || mine.bottom <= row.top) || Promise.reject(new Error(JSON.stringify([mine, row])));
    });
  });
}

test('symbols grow with the letters, and nothing is cut off', async () => {
  const p = await stage.arrives('Anna', { size: desktop, before: async (who) => {
    const session = await who.page.createCDPSession();
    await session.send('Page.setFontSizes', { fontSizes: { standard: 32, fixed: 26 } });
  } });
  await p.finds('link', /^Ben/);
  assert.equal(await p.page.evaluate(() => getComputedStyle(document.documentElement).fontSize), '32px');
  assert.equal((await box(p, '.person .round svg')).width, 40);
  for (const path of ['/', `/people/${stage.api('Ben').account}`, '/add', '/calls', '/settings/you']) {
    await p.open(path);
    await p.finds('heading', /./);
    assert.equal(await p.page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0, path);
  }
});
