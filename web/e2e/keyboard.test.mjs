// Everything by keyboard alone, in both browsers: from an invitation through a
// first call to the settings.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { settled, showsFocusHere } from './lib/look.mjs';
import { password } from './lib/server.mjs';
import { setStage } from './lib/stage.mjs';
import { text } from './lib/text.mjs';
import { until } from './lib/wait.mjs';

/** @typedef {import('./lib/person.mjs').Person} Person */

/** @type {import('./lib/stage.mjs').Stage} */
let stage;
const kinds = /** @type {const} */ (['chromium', 'firefox']);
before(async () => { stage = await setStage({ names: ['Anna', 'Ben'], browsers: [...kinds] }); });
beforeEach(() => stage.enter());
afterEach(() => stage?.leave());
after(() => stage?.close());

/** What has the focus, as a screen reader would name it. @param {Person} p @returns {Promise<string>} */
const focused = (p) => p.page.evaluate(() => {
  const e = document.activeElement;
  if (!e || e === document.body) return '';
  const labels = 'labels' in e && e.labels ? [...e.labels].map((l) => l.textContent).join(' ') : '';
  return (e.getAttribute('aria-label') || labels || e.textContent || '').replace(/\s+/g, ' ').trim();
});

/** Goes on by Tab, or back, until something has the focus, which has to be seen there. @param {Person} p @param {string | RegExp} name @param {boolean} [back] */
async function goesTo(p, name, back = false) {
  const passed = [];
  for (let i = 0; i < 60; i++) {
    const now = await focused(p);
    if (name instanceof RegExp ? name.test(now) : now === name) return showsFocusHere(p);
    passed.push(now);
    if (back) await p.page.keyboard.down('Shift');
    await p.page.keyboard.press('Tab');
    if (back) await p.page.keyboard.up('Shift');
  }
  throw new Error(`Tab never came to ${name}; it passed: ${[...new Set(passed)].join(' | ')}`);
}

/** @param {Person} p @param {string | RegExp} name @param {import('puppeteer-core').KeyInput} [key] */
async function pushes(p, name, key = 'Enter') {
  await goesTo(p, name);
  await p.page.keyboard.press(key);
}

/** Waits until something has the focus by itself. @param {Person} p @param {string} name */
const isAt = (p, name) => until(`the focus being at "${name}"`, async () => await focused(p) === name || Promise.reject(new Error(`at "${await focused(p)}"`)));

for (const on of kinds) {
  test(`from an invitation through a call to the settings, without a mouse: ${on}`, async () => {
    const ben = await stage.arrives('Ben');
    const p = await stage.arrives('Anna', { on, api: undefined, path: `/invite#${await stage.api('Ben').invite()}` });
    p.expected.push(/\b401\b/);
    await p.sees(text.invite.from('Ben'));
    await pushes(p, text.invite.begin);
    await p.sees(text.invite.nameTitle);
    await goesTo(p, text.invite.name);
    await p.page.keyboard.type('Dora');
    await p.page.keyboard.press('Enter');
    await p.sees(text.invite.passwordTitle);
    await goesTo(p, text.password.label);
    await p.page.keyboard.type(password);
    await p.page.keyboard.press('Enter');
    await p.sees(text.invite.doneTitle('Dora'));
    await pushes(p, text.people.call('Ben'));

    await ben.presses(text.call.accept);
    await p.hears(2);
    await p.page.keyboard.press('Shift'); // any key brings back what has stepped aside
    await pushes(p, text.call.mute, ' ');
    await ben.sees(text.call.theyMuted('Dora'));
    await p.page.keyboard.press('m');
    await ben.seesNo(text.call.theyMuted('Dora'));
    await pushes(p, text.stage.camera, ' ');
    await ben.watches(1);
    assert.deepEqual(await p.page.$$eval('video', (all) => all.map((v) => v.tabIndex)), [-1, -1], 'a picture is no place to stop at');
    await pushes(p, text.stage.more);
    await pushes(p, text.stage.details);
    await p.sees(text.stage.detail.encrypted);
    await p.page.keyboard.press('Escape');
    await isAt(p, text.stage.more);
    await goesTo(p, text.stage.selfMove, true); // Tab would leave the page in between, for the browser’s own bar
    const corner = () => p.page.evaluate(() => document.querySelector('.self')?.className);
    const was = await corner();
    await p.page.keyboard.press('ArrowUp');
    await until('the own picture having moved', async () => await corner() !== was);
    await pushes(p, text.call.hangUp);
    await p.sees(text.call.ended.hangup.title);
    await isAt(p, text.call.close);
    await p.page.keyboard.press('Enter');

    // He calls back: taken by keyboard, and ended by the other.
    await ben.presses(text.call.close);
    await ben.presses(text.people.call('Dora'));
    await isAt(p, text.call.accept);
    await p.page.keyboard.press('Enter');
    await p.hears(2);
    await ben.presses(text.call.hangUp);
    await isAt(p, text.call.close);
    await p.page.keyboard.press('Escape');
    await ben.presses(text.call.close);
    // And once more: Esc declines, at the second time.
    await ben.presses(text.people.call('Dora'));
    await isAt(p, text.call.accept);
    await p.page.keyboard.press('Escape');
    await p.sees(text.call.escHint);
    await p.page.keyboard.press('Escape');
    await ben.sees(text.call.ended.declined.why('Dora'));
    await until('the overlay being gone', async () => await p.look('button', text.call.accept) === null);
    if (await p.look('button', text.call.close)) await p.page.keyboard.press('Escape');

    await pushes(p, /^Settings/);
    await pushes(p, new RegExp(`^${text.settings.look}`));
    await p.finds('heading', text.settings.look);
    await goesTo(p, text.settings.themeAuto);
    await p.page.keyboard.press('ArrowRight');
    await p.page.keyboard.press('ArrowRight');
    await until('dark colours', () => p.page.evaluate(() => document.documentElement.dataset.theme === 'dark'));
    await p.page.keyboard.press('ArrowLeft');
    await p.page.keyboard.press('ArrowLeft');
    await goesTo(p, /^People/, true); // the rail comes before it; forward, Firefox would leave the page
    await p.page.keyboard.press('Enter');
    await goesTo(p, text.people.search, true);
    await p.page.keyboard.type('ben');
    await p.page.keyboard.press('ArrowDown');
    await until('the focus in the list', async () => /^Ben/.test(await focused(p)));
    await p.page.keyboard.press('Enter');
    await p.finds('heading', 'Ben');
    await isAt(p, 'Ben');

    // From a friend's pane: what began the call has the focus again after it.
    await goesTo(p, text.people.videoCall('Ben'));
    assert.ok(await p.page.evaluate(() => {
      document.activeElement?.setAttribute('data-began', '');
      return document.activeElement?.closest('#content') !== null;
    }), 'this is not the pane');
    await p.page.keyboard.press('Enter');
    await ben.presses(text.call.accept);
    await p.hears(2);
    await p.page.keyboard.press('Shift');
    await pushes(p, text.call.hangUp);
    await isAt(p, text.call.close);
    await p.page.keyboard.press('Enter');
    await until('the focus where the call began', () => p.page.evaluate(() => document.activeElement?.hasAttribute('data-began')));
    await showsFocusHere(p);

    await goesTo(p, text.people.search, true);
    await p.page.keyboard.press('Escape');
    assert.equal(await p.written(text.people.search), '', 'Esc is done with searching');
    await isAt(p, text.people.search);
  });

  test(`the skip link comes first, and goes past the places: ${on}`, async () => {
    const p = await stage.arrives('Anna', { on, size: { width: 1280, height: 800 } });
    await p.finds('button', text.people.videoCall('Ben'));
    await settled(p);
    await goesTo(p, text.app.skip, true);
    const passed = [];
    for (let i = 0; i < 5; i++) {
      await p.page.keyboard.press('Tab');
      passed.push(await p.page.evaluate(() => document.activeElement?.closest('.rail, .side, .pane')?.className.split(' ')[0]));
    }
    assert.deepEqual(passed, ['rail', 'rail', 'rail', 'side', 'side'], 'the rail, then the list');
    await goesTo(p, text.app.skip, true);
    await p.page.keyboard.press('Enter');
    assert.equal(await p.page.evaluate(() => document.activeElement?.id), 'content');
  });
}

for (const on of kinds) {
  test(`a button that has an icon alone shows its name to the keyboard and the mouse, and says it once: ${on}`, async () => {
    const p = await stage.arrives('Anna', { on, path: '/' });
    const add = await p.finds('link', text.people.add);
    const shown = () => p.page.evaluate(() => {
      const tip = document.querySelector('.tip:popover-open');
      const box = tip?.getBoundingClientRect();
      return box && box.width > 10 && box.left >= 0 && box.right <= innerWidth && box.bottom <= innerHeight ? tip?.textContent : '';
    });
    const shows = (/** @type {string} */ words) => until(`"${words}" being shown`, async () => await shown() === words);
    await (await p.finds('textbox', text.people.search)).click(); // from there it is one step back; Tab from the start would leave Firefox’s page
    await goesTo(p, text.people.add, true);
    await shows(text.people.add);
    // The name, and nothing that a screen reader would add to it or find beside it.
    assert.deepEqual(await p.page.evaluate(() => [document.activeElement?.getAttribute('title'), document.querySelector('.tip')?.getAttribute('aria-hidden')]), [null, 'true']);
    await p.page.keyboard.press('Escape');
    await shows('');
    await add.hover();
    await shows(text.people.add);
    await p.page.hover('.tip'); // one may go and read it
    await shows(text.people.add);
    await p.page.mouse.move(2, 2);
    await shows('');
    await add.click();
    await p.finds('heading', text.people.addTitle);
    assert.equal(await shown(), '');
  });
}
