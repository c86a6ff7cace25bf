// The settings: language and direction, colours, name and password, each at
// once and without loading the page anew; what a person asks of every page
// (more contrast, forced colours, no motion, letters twice as large) is granted.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { accessible, fits } from './lib/inspect.mjs';
import { password } from './lib/server.mjs';
import { meet, setStage, startCall } from './lib/stage.mjs';
import { language, pseudoRtl, sections, text } from './lib/text.mjs';

/** @type {import('./lib/stage.mjs').Stage} */
let stage;
const kinds = /** @type {const} */ (['chromium', 'firefox']);
before(async () => {
  stage = await setStage({ names: ['Anna', 'Ben'], browsers: [...kinds] });
});
beforeEach(() => stage.enter());
afterEach(() => stage?.leave());
after(() => stage?.close());

/** Picks in a native list, as the keyboard would. @param {import('./lib/person.mjs').Person} p @param {string} value */
const speak = (p, value) => p.page.select('.settings-pane select', value);

/** @param {import('./lib/person.mjs').Person} p @param {string} selector @param {string} property */
const styleOf = (p, selector, property) => p.page.$eval(selector, (e, name) => getComputedStyle(e).getPropertyValue(name), property);

for (const on of kinds) {
  test(`another language, at once and without loading anew: ${on}`, async () => {
    const p = await stage.arrives('Anna', { on, path: '/settings/look' });
    await p.finds('heading', text.settings.look);
    await p.page.evaluate(() => { /** @type {any} */ (window).same = true; });
    for (const tag of /** @type {const} */ (['de', 'fr', 'es', 'ar'])) {
      await speak(p, tag);
      await p.finds('heading', (await language(tag)).settings.look);
      assert.deepEqual(await p.page.evaluate(() => [document.documentElement.lang, document.documentElement.dir, document.title.includes('Ringfence')]), [tag, tag === 'ar' ? 'rtl' : 'ltr', true]);
    }
    const side = await p.page.$eval('.settings-list', (e) => e.getBoundingClientRect().x > innerWidth / 2);
    assert.ok(side, 'from right to left, the list is on the right');
    assert.equal(await p.page.evaluate(() => /** @type {any} */ (window).same), true, 'the page was loaded anew');
    await p.page.reload();
    await p.finds('heading', (await language('ar')).settings.look);
    await speak(p, 'auto');
    await p.finds('heading', text.settings.look);
    assert.equal(await p.page.evaluate(() => localStorage.getItem('ringfence.lang')), null);
  });

  test(`colours are chosen, kept, and there before anything is drawn: ${on}`, async () => {
    const p = await stage.arrives('Anna', { on, path: '/settings/look' });
    await p.finds('heading', text.settings.look);
    const light = await styleOf(p, 'html', 'background-color');
    await p.page.evaluate((value) => document.querySelector(`.segmented input[value=${value}]`)?.closest('label')?.click(), 'dark');
    await p.page.waitForFunction((was) => getComputedStyle(document.documentElement).backgroundColor !== was, {}, light);
    const dark = await styleOf(p, 'html', 'background-color');
    assert.deepEqual(await p.page.$$eval('meta[name=theme-color]', (all) => new Set(all.map((m) => m.getAttribute('content'))).size), 1);
    await p.page.reload({ waitUntil: 'domcontentloaded' });
    assert.equal(await p.page.evaluate(() => document.documentElement.dataset.theme), 'dark');
    assert.equal(await styleOf(p, 'html', 'background-color'), dark);
    await p.open('/components');
    await p.page.waitForSelector('.components-set');
    assert.deepEqual(await p.page.$$eval('.components-set', (all) => all.map((e) => getComputedStyle(e).backgroundColor)), [light, dark], 'a part of a page has a theme of its own');
  });

  test(`dark where it is dark, as the system or the person says: ${on}`, async () => {
    const p = await stage.arrives('Anna', { on, dark: true });
    await p.finds('button', text.people.videoCall('Ben'));
    const [r] = (await styleOf(p, 'html', 'background-color')).match(/[\d.]+/g) ?? [];
    const light = await (await stage.arrives('Ben', { on })).page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    assert.ok(Number(r) < Number(light.match(/[\d.]+/g)?.[0]) / 2, `${r} beside ${light}`);
  });

  test(`name and password: ${on}`, async () => {
    const p = await stage.arrives('Anna', { on, path: '/settings' });
    await p.finds('heading', text.settings.title);
    await p.presses(new RegExp(`^${text.settings.you}`), 'link');
    await p.writes(text.settings.name, 'Anna-Lena');
    await p.presses(text.settings.save);
    await p.sees(text.done.nameSaved);
    assert.equal((await stage.api('Anna').call('GET', '/me')).display_name, 'Anna-Lena');
    await p.writes(text.settings.currentPassword, 'not my password');
    await p.writes(text.settings.newPassword, 'seven lamps over a slow green river');
    p.expected.push(/\b(400|401|403|422)\b/);
    await p.presses(text.settings.savePassword);
    await p.sees(text.errors.fields['current.wrong']);
    await p.writes(text.settings.currentPassword, password);
    await p.presses(text.settings.savePassword);
    await p.sees(text.done.passwordChanged);
  });
}

test('the language changes in the middle of a call, and the call goes on', async () => {
  const anna = await stage.arrives('Anna', { path: '/settings/look' });
  const ben = await stage.arrives('Ben');
  await ben.seesFriend('Anna', text.people.online);
  await startCall(ben, anna, 'Anna');
  await meet([anna, 1], [ben, 2]);
  await anna.page.$eval('#remote-video', (e) => { /** @type {any} */ (window).before = e; });
  const ar = await language('ar');
  await speak(anna, 'ar');
  await anna.finds('button', ar.call.hangUp);
  assert.ok(await anna.page.$eval('#remote-video', (e) => /** @type {any} */ (window).before === e && !(/** @type {HTMLVideoElement} */ (e).paused)), 'another picture than before');
  await meet([anna, 1], [ben, 2]);
});

test('from right to left on a phone, everything fits', async () => {
  const p = await stage.arrives('Anna', { size: { width: 360, height: 740 }, local: { 'ringfence.lang': 'pseudo-rtl' }, path: '/settings' });
  await p.finds('heading', pseudoRtl.settings.title);
  await fits(p, 'the settings');
  for (const section of sections) {
    await p.open(`/settings/${section}`);
    await p.page.waitForSelector('.settings-pane h1');
    await fits(p, section);
    await accessible(p, section);
  }
});

test('at twice the size nothing is lost, by zoom or by larger letters', async () => {
  const [small, wide] = [{ width: 640, height: 400 }, { width: 1280, height: 800 }]; // the first is the second at 200 %
  const p = await stage.arrives('Anna', { size: small, path: '/settings' });
  for (const place of ['/settings', ...sections.map((s) => `/settings/${s}`)]) {
    await p.page.setViewport(small);
    await p.open(place);
    await p.page.waitForSelector('h1');
    await fits(p, `${place} at 200 %`);
    await p.page.setViewport(wide);
    await p.page.evaluate(() => { document.documentElement.style.fontSize = '200%'; });
    await fits(p, `${place} with letters of 200 %`);
  }
});

test('forced colours leave every switch, choice and button to be seen', async () => {
  const p = await stage.arrives('Anna', { path: '/components' });
  await p.page.waitForSelector('.components-set');
  const cdp = await p.page.createCDPSession();
  await cdp.send('Emulation.setEmulatedMedia', { features: [{ name: 'forced-colors', value: 'active' }] });
  const edges = await p.page.$$eval('.button.primary, .button.end, .control .disc, .banner, .segmented', (all) => all.filter((e) => parseFloat(getComputedStyle(e).borderTopWidth) < 1).map((e) => e.className));
  assert.deepEqual(edges, []);
  await p.page.evaluate(() => Promise.all(document.getAnimations().filter((a) => a instanceof CSSTransition).map((a) => a.finished)));
  const grounds = await p.page.$$eval('.components-set:first-child .switch input', (all) => [...new Set(all.filter((e) => !(/** @type {HTMLInputElement} */ (e).disabled)).map((e) => getComputedStyle(e, '::before').backgroundColor))].length);
  assert.equal(grounds, 2, 'on and off look alike');
});

test('more contrast and less motion are granted', async () => {
  const p = await stage.arrives('Anna', { path: '/components' });
  await p.page.waitForSelector('.components-set');
  const cdp = await p.page.createCDPSession();
  const quiet = await styleOf(p, '.components-set .quiet', 'color');
  const ask = (/** @type {string} */ name, /** @type {string} */ value) => cdp.send('Emulation.setEmulatedMedia', { features: [{ name, value }] });
  await ask('prefers-contrast', 'more');
  assert.notEqual(await styleOf(p, '.components-set .quiet', 'color'), quiet);
  await accessible(p, 'more contrast');
  await ask('prefers-reduced-motion', 'reduce');
  const moving = await p.page.evaluate(() => document.getAnimations().filter((a) => a.playState === 'running' && !(/** @type {any} */ (a).effect?.target?.closest?.('.spinner'))).map((a) => /** @type {any} */ (a).animationName ?? 'transition'));
  assert.deepEqual(moving.filter((n) => n !== 'turn'), []);
});
