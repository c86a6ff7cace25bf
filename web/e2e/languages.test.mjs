// Every place in every language there is, and from right to left: on a phone
// nothing is wider than its place, and no control lies on another. In the
// language that nobody speaks, two fifths longer than English, no word is
// missing from the catalogue either, and axe finds nothing.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { accessible, fits, translated } from './lib/inspect.mjs';
import { overlaps, settled } from './lib/look.mjs';
import { crowd, past, recipes, seed, walks } from './lib/places.mjs';
import { setStage } from './lib/stage.mjs';
import { catalogue, load, pseudo } from './lib/text.mjs';
import { Findings, phone, sees, system, through } from './lib/tour.mjs';

/** @typedef {import('./lib/person.mjs').Person} Person */

/** @type {import('./lib/stage.mjs').Stage} */
let stage;
before(async () => { stage = await setStage({ names: crowd, browsers: ['chromium', 'firefox'] }); });
beforeEach(async () => {
  await stage.enter();
  await seed(stage);
});
afterEach(() => stage?.leave());
after(() => stage?.close());

/** What people and machines wrote, and no catalogue can have. */
const own = [
  new RegExp([...crowd, 'Olga', 'Dora', 'Nina'].join('|')), /\w[\w-]*\.\d{4}/, /https?:\/\/\S+/, /v?\d+\.\d+\S*|devel|unknown/, /zzz/,
  /Built-in|Speaker/, /opus|VP\d|H264|AV1|UDP|TCP|TLS/i, /Deutsch|English|Español|Français|العربية/,
];

/** @param {Person} p @param {string} tag @param {string} where @param {Findings} found */
async function looks(p, tag, where, found) {
  await settled(p);
  await found.add(fits(p, `${where} in ${tag}`));
  await found.add(overlaps(p, `${where} in ${tag}`));
  if (tag !== 'pseudo') return;
  await found.add(translated(p, where, own));
  await found.add(accessible(p, `${where} in ${tag}`));
}

const tags = ['pseudo', 'pseudo-rtl', ...(await load('state/preferences.ts')).languages.filter((/** @type {string} */ l) => l !== 'en')];

for (const { tag, on } of tags.flatMap((name) => [{ tag: name, on: 'chromium' }, ...(/^pseudo/.test(name) ? [] : [{ tag: name, on: 'firefox' }])])) {
  test(`every place on a phone, in ${tag}: ${on}`, async () => {
    const found = new Findings();
    const t = await catalogue(tag);
    const local = { 'ringfence.lang': tag };
    await through(stage, 'well', { on, local, size: phone }, async (p, { route, path }) => {
      await p.page.setViewport(phone);
      await sees(p, recipes[route].full(t));
      assert.deepEqual(await p.page.evaluate(() => [document.documentElement.dir, document.documentElement.lang]), [t.meta.dir, t.meta.locale]);
      await looks(p, tag, path, found);
    });
    for (const walk of walks) {
      const who = walk.who ?? 'Anna';
      const p = await stage.arrives(who || 'Chi', {
        ...(who === '' ? { api: undefined } : {}), on, path: walk.path, local: { ...past(stage), ...local }, size: phone, devices: { side: 1, ...walk.devices }, before: (x) => system(x),
      });
      p.expected.push(/\b(401|404|410)\b/);
      for await (const state of walk.steps(p, t, stage, {})) await looks(p, tag, state, found);
      await stage.leave();
    }
    found.none();
  });
}

test('a word from outside the catalogue is found', async () => {
  const p = await stage.arrives('Ben', { local: { 'ringfence.lang': 'pseudo' }, size: phone, before: (x) => system(x) });
  await p.finds('button', pseudo.people.videoCall('Anna'));
  await translated(p, 'people', own);
  const spoilt = async (/** @type {string} */ tag, /** @type {Record<string, string>} */ attributes, /** @type {string} */ words) => p.page.evaluate((t, a, w) => {
    document.querySelector('[data-spoilt]')?.remove();
    const e = document.createElement(t);
    for (const [k, v] of Object.entries({ ...a, 'data-spoilt': '' })) e.setAttribute(k, v);
    e.textContent = w;
    document.querySelector('main')?.append(e);
  }, tag, attributes, words);
  await spoilt('p', {}, 'Hello');
  await assert.rejects(translated(p, 'spoilt', own), /Hello/);
  await spoilt('button', { 'aria-label': 'Press', type: 'button' }, '');
  await assert.rejects(translated(p, 'spoilt', own), /Press/);
  await spoilt('p', {}, '⟦Donaudampfschifffahrtsgesellschaftskapitänswitwenrentenauszahlungsstelle⟧'.repeat(3));
  await p.page.evaluate(() => { /** @type {HTMLElement} */ (document.querySelector('[data-spoilt]')).style.overflowWrap = 'normal'; });
  await assert.rejects(fits(p, 'spoilt'), /wider than its place/);
});
