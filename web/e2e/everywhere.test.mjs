// Every place in every state, from the router's own table: axe finds nothing,
// nothing is wider than its place, no control lies on another, a finger and the
// Tab key get at each, nothing moves where less motion is asked for; in light
// and dark, on a phone and a desktop, at twice the size, and with the system's
// own colours. The languages are looked at in languages.test.mjs.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { accessible, fits } from './lib/inspect.mjs';
import { keepsShape, overlaps, reachableByFinger, settled, showsFocus, still } from './lib/look.mjs';
import { answers, crowd, goes, patterns, recipes, seed, walks } from './lib/places.mjs';
import { setStage } from './lib/stage.mjs';
import { text } from './lib/text.mjs';
import { desktop, Findings, letters, phone, places, sees, system, through, zoomed } from './lib/tour.mjs';

/** @typedef {import('./lib/person.mjs').Person} Person */

/** @type {import('./lib/stage.mjs').Stage} */
let stage;
/** @type {import('./lib/server.mjs').Api} */
let nina;
before(async () => { stage = await setStage({ names: crowd }); });
beforeEach(async () => {
  await stage.enter();
  ({ nina } = await seed(stage));
});
afterEach(() => stage?.leave());
after(() => stage?.close());

/** Every look there is, at one state of the page. @param {Person} p @param {string} where @param {Findings} found */
async function looks(p, where, found) {
  for (const [device, size] of /** @type {const} */ ([['a desktop', desktop], ['a phone', phone]])) {
    await p.page.setViewport(size);
    for (const scheme of ['light', 'dark']) {
      const at = `${where}, on ${device}, ${scheme}`;
      await system(p, { 'prefers-color-scheme': scheme });
      await settled(p);
      await found.add(accessible(p, at));
      if (scheme === 'dark') continue; // colours alone are others
      await found.add(fits(p, at));
      await found.add(overlaps(p, at));
      await found.add(still(p, at));
      if (size === phone) await found.add(reachableByFinger(p, at));
    }
  }
  await system(p, { 'forced-colors': 'active' });
  await settled(p);
  await found.add(keepsShape(p, `${where}, forced colours`));
  await system(p, { 'prefers-contrast': 'more' });
  await settled(p);
  await found.add(accessible(p, `${where}, more contrast`));
  await p.page.setViewport(zoomed);
  await system(p);
  await settled(p);
  await found.add(fits(p, `${where}, at 200 %`));
  await found.add(overlaps(p, `${where}, at 200 %`));
  await p.page.setViewport(desktop);
  await letters(p, 32);
  await settled(p);
  await found.add(fits(p, `${where}, letters at 200 %`));
  await found.add(overlaps(p, `${where}, letters at 200 %`));
  await letters(p, 16);
}

test('the router’s table has a recipe for each of its routes', () => {
  const unknown = patterns.filter(({ route }) => !(route in recipes)).map(({ pattern, route }) => `${pattern} (${route})`);
  assert.deepEqual(unknown, [], 'routes without a recipe in lib/places.mjs');
  const gone = Object.keys(recipes).filter((r) => !patterns.some(({ route }) => route === r));
  assert.deepEqual(gone, [], 'recipes for routes that are not in the router’s table');
  assert.doesNotMatch(places(stage).map((x) => x.path).join(' '), /:/, 'a parameter that nothing is put in for');
});

test('every place, full', async () => {
  const found = new Findings();
  await through(stage, 'well', {}, async (p, { route, path }) => {
    await sees(p, recipes[route].full(text));
    await looks(p, `${path}, full`, found);
  });
  found.none();
});

test('every place, empty', async () => {
  const found = new Findings();
  await through(stage, 'well', { api: nina }, async (p, { route, path }) => {
    await sees(p, (recipes[route].empty ?? recipes[route].full)(text));
    await looks(p, `${path}, empty`, found);
  });
  found.none();
});

test('every place, when the server answers with errors', async () => {
  const found = new Findings();
  await through(stage, 'error', {}, async (p, { path }) => {
    await p.finds('heading', /./);
    await looks(p, `${path}, with errors`, found);
  });
  found.none();
});

test('every place, while the server has not answered', async () => {
  const found = new Findings();
  await through(stage, 'never', {}, async (p, { path }) => {
    await p.finds('heading', /./);
    await looks(p, `${path}, loading`, found);
  });
  found.none();
});

test('every place for whoever is not signed in', async () => {
  const found = new Findings();
  const p = await stage.arrives('Chi', { api: undefined, path: '/login', before: (x) => system(x) });
  p.expected.push(/\b(401|404)\b/);
  for (const { route, path } of places(stage).filter((x) => recipes[x.route].out || x.route === 'missing')) {
    await p.page.setViewport(desktop);
    await p.open(path);
    await sees(p, recipes[route].full(text));
    await looks(p, `${path}, signed out`, found);
  }
  await stage.leave();
  for (const mood of /** @type {const} */ (['dead', 'mute'])) {
    const q = await stage.arrives('Anna', { before: async (x) => { await system(x); await answers(x, mood); } });
    await q.sees(mood === 'dead' ? text.link.noServer : text.app.loading);
    await looks(q, `the start, ${mood === 'dead' ? 'without a server' : 'waiting'}`, found);
  }
  found.none();
});

for (const walk of walks) {
  test(`${walk.name}, in every look`, async () => {
    const found = new Findings();
    const who = walk.who ?? 'Anna';
    const p = await stage.arrives(who || 'Chi', { ...(who === '' ? { api: undefined } : {}), path: walk.path, devices: { side: 1, ...walk.devices }, before: (x) => system(x) });
    p.expected.push(/\b(401|404|410)\b/);
    for await (const state of walk.steps(p, text, stage, {})) {
      await looks(p, state, found);
      await p.page.setViewport(desktop);
    }
    found.none();
  });
}

test('a call over every place', async () => {
  const found = new Findings();
  const anna = await stage.arrives('Anna', { before: (x) => system(x) });
  const ben = await stage.arrives('Ben');
  const inside = places(stage).filter(({ route }) => !recipes[route].out);
  await ben.seesFriend('Anna', text.people.online);
  const over = async (/** @type {string} */ state) => {
    for (const { path } of inside) {
      await goes(anna, path);
      for (const size of [phone, desktop]) {
        await anna.page.setViewport(size);
        await settled(anna);
        await found.add(accessible(anna, `${state} over ${path}`));
        await found.add(overlaps(anna, `${state} over ${path}`));
      }
    }
    await goes(anna, '/');
  };
  await ben.presses(text.people.videoCall('Anna'));
  await anna.finds('button', text.call.accept);
  await over('ringing in');
  await anna.presses(text.call.accept);
  await anna.watches(2);
  await over('a call');
  await anna.page.setViewport(desktop);
  await ben.presses(text.call.hangUp);
  await anna.presses(text.call.close);
  found.none();
});

test('by Tab through every place, one sees where one is', async () => {
  const found = new Findings();
  let stops = 0;
  for (const size of [desktop, phone]) {
    await through(stage, 'well', {}, async (p, { route, path }) => {
      await p.page.setViewport(size);
      await sees(p, recipes[route].full(text));
      await settled(p);
      await found.add(showsFocus(p, path).then((n) => { stops += n; }));
    });
  }
  assert.ok(stops > 20, `only ${stops} stops in all`);
  found.none();
});

test('each of these looks finds what it is for', async () => {
  const p = await stage.arrives('Ben', { before: (x) => system(x), size: phone });
  await p.finds('button', text.people.videoCall('Anna'));
  const spoilt = async (/** @type {string} */ css, /** @type {string} */ html) => p.page.evaluate((c, h) => {
    document.querySelector('[data-spoilt]')?.remove();
    document.adoptedStyleSheets = [];
    const box = document.createElement('div');
    box.dataset.spoilt = '';
    for (const [tag, id, words] of JSON.parse(h)) box.append(Object.assign(document.createElement(tag), { id, textContent: words, type: 'button', href: '/' }));
    document.querySelector('main')?.append(box);
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(c);
    document.adoptedStyleSheets = [sheet];
  }, css, html);
  const two = JSON.stringify([['button', 'a', 'One'], ['button', 'b', 'Two']]);
  await spoilt('', JSON.stringify([['button', 'a', '']]));
  await assert.rejects(accessible(p, 'spoilt'), /button-name/);
  await spoilt('', two);
  for (const look of [overlaps, still]) await look(p, 'two buttons');
  await spoilt('#b { margin-inline-start: -12px }', two);
  await assert.rejects(overlaps(p, 'spoilt'), /share 12/);
  await spoilt('#b { position: fixed; inset: 0; inline-size: auto }', two);
  await assert.rejects(overlaps(p, 'spoilt'), /"One" stays under button "Two"/);
  await spoilt('#a { min-block-size: 0; min-inline-size: 0; padding: 0; border: 0; block-size: 40px; inline-size: 90px }', two);
  await assert.rejects(reachableByFinger(p, 'spoilt'), /"One": 90 × 40/);
  await spoilt('@layer none; :focus-visible { outline: none !important }', two);
  await assert.rejects(showsFocus(p, 'spoilt'), /"One" shows no focus/);
  await spoilt('@keyframes go { to { translate: 10px } } #a { animation: go 2s infinite !important }', two);
  await assert.rejects(still(p, 'spoilt'), /go/);
  await system(p, { 'forced-colors': 'active' });
  await spoilt('#a { border: 0; background: red; inline-size: 50px; block-size: 50px }', JSON.stringify([['button', 'a', '']]));
  await assert.rejects(keepsShape(p, 'spoilt'), /button ""/);
});
