// Every place in every state, from the router's own table: axe finds nothing,
// nothing is wider than its place, no control lies on another, a finger and the
// Tab key get at each, nothing moves where less motion is asked for; in light
// and dark, on a phone and a desktop, at twice the size, and with the system's
// own colours. What hands are needed for is in moments.test.mjs, the languages in
// languages.test.mjs.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { accessible, fits } from './lib/inspect.mjs';
import { keepsShape, overlaps, reachableByFinger, settled, showsFocus, still } from './lib/look.mjs';
import { answers, crowd, patterns, recipes, seed } from './lib/places.mjs';
import { setStage } from './lib/stage.mjs';
import { text } from './lib/text.mjs';
import { calm, desktop, Findings, looks, phone, places, sees, system, through, wishes } from './lib/tour.mjs';

/** @typedef {import('./lib/person.mjs').Person} Person */

/** @type {import('./lib/stage.mjs').Stage} */
let stage;
/** @type {import('./lib/server.mjs').Api} */
let nina;
const kinds = /** @type {const} */ (['chromium', 'firefox']);
before(async () => { stage = await setStage({ names: crowd, browsers: [...kinds], launch: calm }); });
beforeEach(async () => {
  await stage.enter();
  ({ nina } = await seed(stage));
});
afterEach(() => stage?.leave());
after(() => stage?.close());

test('the router’s table has a recipe for each of its routes', () => {
  const unknown = patterns.filter(({ route }) => !(route in recipes)).map(({ pattern, route }) => `${pattern} (${route})`);
  assert.deepEqual(unknown, [], 'routes without a recipe in lib/places.mjs');
  const gone = Object.keys(recipes).filter((r) => !patterns.some(({ route }) => route === r));
  assert.deepEqual(gone, [], 'recipes for routes that are not in the router’s table');
  assert.doesNotMatch(places(stage).map((x) => x.path).join(' '), /:/, 'a parameter that nothing is put in for');
});

for (const on of kinds) {
  test(`every place, full: ${on}`, async () => {
    const found = new Findings();
    await through(stage, 'well', { on }, async (p, { route, path }) => {
      await sees(p, recipes[route].full(text));
      await looks(p, `${path}, full`, found);
    });
    found.none();
  });

  test(`every place, empty: ${on}`, async () => {
    const found = new Findings();
    await through(stage, 'well', { on, api: nina }, async (p, { route, path }) => {
      await sees(p, (recipes[route].empty ?? recipes[route].full)(text));
      await looks(p, `${path}, empty`, found);
    });
    found.none();
  });

  test(`every place, when the server answers with errors: ${on}`, async () => {
    const found = new Findings();
    await through(stage, 'error', { on }, async (p, { path }) => {
      await p.finds('heading', /./);
      await looks(p, `${path}, with errors`, found);
    });
    found.none();
  });

  test(`every place, while the server has not answered: ${on}`, async () => {
    const found = new Findings();
    await through(stage, 'never', { on }, async (p, { path }) => {
      await p.finds('heading', /./);
      await looks(p, `${path}, loading`, found);
    });
    found.none();
  });

  test(`every place for whoever is not signed in: ${on}`, async () => {
    const found = new Findings();
    const p = await stage.arrives('Chi', { on, api: undefined, path: '/login', before: (x) => system(x) });
    p.expected.push(/\b(401|404)\b/);
    for (const { route, path } of places(stage).filter((x) => recipes[x.route].out || x.route === 'missing')) {
      await p.page.setViewport(desktop);
      await p.open(path);
      await sees(p, recipes[route].full(text));
      await looks(p, `${path}, signed out`, found);
    }
    await stage.leave();
    for (const mood of /** @type {const} */ (['dead', 'mute'])) {
      const q = await stage.arrives('Anna', { on, before: async (x) => { await system(x); await answers(x, mood); } });
      await q.sees(mood === 'dead' ? text.link.noServer : text.app.loading);
      await looks(q, `the start, ${mood === 'dead' ? 'without a server' : 'waiting'}`, found);
    }
    found.none();
  });

  test(`by Tab through every place, one sees where one is: ${on}`, async () => {
    const found = new Findings();
    let stops = 0;
    for (const size of [desktop, phone]) {
      await through(stage, 'well', { on }, async (p, { route, path }) => {
        await p.page.setViewport(size);
        await sees(p, recipes[route].full(text));
        await settled(p);
        await found.add(showsFocus(p, path).then((n) => { stops += n; }));
      });
    }
    assert.ok(stops > 20, `only ${stops} stops in all`);
    found.none();
  });
}

/** Every place in a Firefox of its own, which asks for something from its start. @param {Parameters<typeof setStage>[0]['launch']} launch @param {(p: Person, path: string, found: Findings) => Promise<void>} look */
async function asked(launch, look) {
  const found = new Findings();
  const own = await setStage({ names: crowd, browsers: ['firefox'], launch });
  try {
    await own.enter();
    await seed(own);
    await through(own, 'well', { on: 'firefox' }, async (p, { route, path }) => {
      await sees(p, recipes[route].full(text));
      await settled(p);
      await look(p, path, found);
    });
  } finally {
    await own.leave().finally(() => own.close());
  }
  found.none();
}

test('every place in the system’s own colours: firefox', async () => {
  await asked(wishes.colours, async (p, path, found) => {
    await found.add(keepsShape(p, `${path}, forced colours`));
    if (path !== '/calls') return;
    await p.page.evaluate(() => {
      const bare = document.createElement('button');
      bare.id = 'bare';
      bare.style.cssText = 'position: fixed; inset: 0 auto auto 0; border: 0 !important; background: red; inline-size: 50px; block-size: 50px';
      document.body.append(bare);
    });
    await assert.rejects(keepsShape(p, 'spoilt'), /button ""/);
    await p.page.evaluate(() => document.querySelector('#bare')?.remove());
  });
});

test('every place with letters twice as large: firefox', async () => {
  await asked(wishes.letters, async (p, path, found) => {
    assert.equal(await p.page.evaluate(() => getComputedStyle(document.documentElement).fontSize), '32px');
    await found.add(fits(p, `${path}, letters at 200 %`));
    await found.add(overlaps(p, `${path}, letters at 200 %`));
  });
});

for (const on of kinds) {
  test(`each of these looks finds what it is for: ${on}`, async () => {
    const p = await stage.arrives('Ben', { on, before: (x) => system(x), size: phone });
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
    if (on === 'firefox') return;
    await system(p, { 'forced-colors': 'active' });
    await spoilt('#a { border: 0; background: red; inline-size: 50px; block-size: 50px }', JSON.stringify([['button', 'a', '']]));
    await assert.rejects(keepsShape(p, 'spoilt'), /button ""/);
  });
}
