// The place to be: addresses, the list, a friend's pane, the calls of this
// device, on a desktop and a phone, in both browsers.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { crowd } from './lib/crowd.mjs';
import { ownerName, setStage, startCall } from './lib/stage.mjs';
import { text } from './lib/text.mjs';
import { until } from './lib/wait.mjs';

const kinds = /** @type {const} */ (['chromium', 'firefox']);
const desktop = { width: 1280, height: 800 };
const phone = { width: 360, height: 740 };

/** @type {import('./lib/stage.mjs').Stage} */
let stage;
before(async () => {
  stage = await setStage({ names: ['Anna', 'Ben', 'Chi'], browsers: [...kinds] });
});
beforeEach(() => stage.enter());
afterEach(() => stage?.leave());
after(() => stage?.close());

/** @param {import('./lib/person.mjs').Person} p */
const path = (p) => p.page.evaluate(() => location.pathname);
/** @param {import('./lib/person.mjs').Person} p */
const focused = (p) => p.page.evaluate(() => document.activeElement?.textContent?.trim());
/** @param {string} name */
const at = (name) => `/people/${stage.api(name).account}`;

for (const on of kinds) {
  test(`places have addresses; back and forward go between them, the list stays: ${on}`, async () => {
    const p = await stage.arrives('Anna', { on, size: desktop });
    await p.goesTo('Ben');
    assert.equal(await path(p), at('Ben'));
    assert.match(await p.page.title(), /Ben/);
    assert.equal(await focused(p), 'Ben');
    await p.page.evaluate(() => document.querySelector('.side')?.setAttribute('data-mine', ''));
    await p.goesTo('Chi');
    assert.match(await p.page.title(), /Chi/);
    await p.page.goBack();
    await p.finds('heading', 'Ben');
    await p.page.goForward();
    await p.finds('heading', 'Chi');
    await p.presses(/^Calls/, 'link');
    await p.finds('heading', text.history.title);
    assert.equal(await path(p), '/calls');
    assert.ok(await p.page.evaluate(() => document.querySelector('.side')?.hasAttribute('data-mine')), 'the list was drawn anew');
    await p.open(at('Chi'));
    await p.finds('heading', 'Chi');
    await p.open('/people/00000000000000000000000000');
    await p.sees(text.people.strangerTitle);
  });

  test(`whoever comes puts nobody else under the pointer: ${on}`, async () => {
    const p = await stage.arrives('Anna', { on, size: desktop });
    const button = await p.finds('button', text.people.videoCall('Ben'));
    const { x, y, width, height } = /** @type {NonNullable<Awaited<ReturnType<typeof button.boundingBox>>>} */ (await button.boundingBox());
    const names = () => p.page.evaluate(() => [...document.querySelectorAll('.virtual .name')].map((e) => e.textContent));
    let moves = 0;
    const aims = () => p.page.mouse.move(x + width / 2 + moves++ % 2, y + height / 2);
    await aims();
    let aiming = true;
    const hand = (async () => { while (aiming) await aims().then(() => pause(100)); })();
    try {
      await stage.arrives('Chi');
      await p.seesFriend('Chi', text.people.online);
    } finally {
      aiming = false;
      await hand;
    }
    assert.deepEqual(await names(), ['Ben', 'Chi', ownerName]);
    await p.page.mouse.down();
    await p.page.mouse.up();
    await p.finds('button', text.call.cancel);
    assert.match(await p.reads(), /Ben Calling/);
    await p.presses(text.call.cancel);
    await p.page.mouse.move(700, 500);
    await until('whoever is here standing first', async () => (await names()).join() === `Chi,Ben,${ownerName}`);
  });

  test(`a friend opens in a new tab: ${on}`, async () => {
    const p = await stage.arrives('Anna', { on, size: desktop });
    const link = await p.finds('link', new RegExp('^Ben'));
    const before = (await p.context.pages()).length;
    await p.page.keyboard.down('Control');
    await link.click();
    await p.page.keyboard.up('Control');
    await until('another tab', async () => (await p.context.pages()).length === before + 1);
    assert.equal(await path(p), '/');
    assert.equal(await link.evaluate((a) => new URL(/** @type {HTMLAnchorElement} */ (a).href).pathname), at('Ben'));
  });

  test(`an address survives signing in: ${on}`, async () => {
    const p = await stage.arrives('Anna', { on, api: undefined, path: '/calls' });
    p.expected.push(/\b401\b/);
    await p.writes(text.login.handle, stage.api('Anna').handle);
    const { password } = await import('./lib/server.mjs');
    await p.writes(text.login.password, password);
    await p.presses(text.login.submit);
    await p.finds('heading', text.history.title);
    assert.equal(await path(p), '/calls');
  });

  test(`searching takes no notice of case; Esc is done with it: ${on}`, async () => {
    const p = await stage.arrives('Anna', { on, size: desktop });
    await p.writes(text.people.search, 'bEN');
    await p.misses('link', /^Chi/);
    await p.finds('link', /^Ben/);
    await p.writes(text.people.search, 'zzz');
    await p.sees(text.people.notFoundTitle('zzz'));
    await p.page.keyboard.press('Escape');
    await p.finds('link', /^Chi/);
    assert.equal(await p.written(text.people.search), '');
  });

  test(`a call is remembered here, over loading anew, and not beyond signing out: ${on}`, async () => {
    const p = await stage.arrives('Anna', { on, size: desktop });
    const ben = await stage.arrives('Ben');
    await p.seesFriend('Ben', text.people.online);
    await startCall(p, ben, 'Ben');
    await p.watches(2);
    await ben.presses(text.call.hangUp);
    await p.presses(text.call.close);
    await p.open(at('Ben'));
    await p.sees(text.history.what.talkedOut.video);
    await p.open('/calls');
    await p.sees(text.history.what.talkedOut.video);
    await p.presses(text.history.clear);
    await p.sees(text.history.none);
    await p.presses(text.app.undo);
    await p.sees(text.history.what.talkedOut.video);
    p.expected.push(/\b401\b/);
    await p.open('/settings/this-device');
    await p.presses(text.settings.signOut);
    await p.presses(text.confirm.signOut);
    await p.finds('button', text.login.submit);
    assert.equal(await p.page.evaluate(() => localStorage.getItem('ringfence.history')), null);
  });

  test(`on a phone one screen at a time, and places at the bottom: ${on}`, async () => {
    const p = await stage.arrives('Anna', { on, size: phone });
    await p.finds('heading', text.people.title);
    const bar = await p.page.evaluate(() => document.querySelector('.rail')?.getBoundingClientRect().toJSON());
    assert.ok(bar && Math.abs(bar.bottom - phone.height) < 2 && bar.width === phone.width, JSON.stringify(bar));
    await p.goesTo('Ben');
    await p.misses('link', /^Chi/);
    await p.presses(text.app.back, 'link');
    await p.finds('link', /^Chi/);
    await until('the focus being where one left', async () => /^Ben/.test(await focused(p) ?? ''));
    await p.presses(/^Calls/, 'link');
    await p.sees(text.history.none);
  });
}

test('a list of 500 draws what is seen, and the keyboard reaches all of it', async () => {
  const p = await stage.arrives('Anna', { size: desktop, path: '/login' });
  await crowd(p.page, stage.api('Anna'), 500);
  await p.open('/');
  await p.finds('link', /^Ben/);
  const rows = () => p.page.evaluate(() => document.querySelectorAll('.virtual > li').length);
  assert.ok(await rows() < 40, `${await rows()} rows are drawn`);
  await (await p.finds('link', /^Ben/)).focus();
  await p.page.keyboard.press('End');
  await until('the last friend', async () => (await focused(p))?.includes('Olga'));
  const last = await p.page.evaluate(() => {
    const li = document.activeElement?.closest('li');
    return [li?.getAttribute('aria-posinset'), li?.getAttribute('aria-setsize')];
  });
  assert.deepEqual(last, ['503', '503']);
  assert.ok(await rows() < 40, `${await rows()} rows are drawn at the end`);
  await p.page.keyboard.press('ArrowUp');
  await until('the one before', async () => (await focused(p))?.includes('Friend 0500'));
  await p.page.keyboard.press('Home');
  await until('the first friend', async () => (await focused(p))?.includes('Ben'));
  await p.page.keyboard.type('0333');
  await p.finds('link', /^Friend 0333/);
  await p.misses('link', /^Friend 0332/);
});
