// Every place in every language there is, and from right to left: on a phone
// nothing is wider than its place, and no control lies on another. In the
// language that nobody speaks, two fifths longer than English, no word is
// missing from the catalogue either, and axe finds nothing.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { accessible, fits, translated } from './inspect.mjs';
import { overlaps, settled } from './look.mjs';
import { crowd, past, recipes, seed, walks } from './places.mjs';
import { setStage } from './stage.mjs';
import { catalogue, load } from './text.mjs';
import { Findings, phone, sees, system, through } from './tour.mjs';

/** @typedef {import('./person.mjs').Person} Person */
/** @typedef {import('./stage.mjs').Stage} Stage */

/** What people and machines wrote, and no catalogue can have. */
export const own = [
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

const languages = (await load('state/preferences.ts')).languages.filter((/** @type {string} */ l) => l !== 'en');

/**
 * tourEveryLanguage declares the tests of a file in one browser: each file has
 * five minutes. Chromium alone has the languages that nobody speaks.
 *
 * @param {'chromium' | 'firefox'} on
 * @returns {() => Stage} the stage, in tests
 */
export function tourEveryLanguage(on) {
  /** @type {Stage} */
  let stage;
  // Whom one talks to is in Chromium: a window of Firefox behind another one draws nothing.
  before(async () => { stage = await setStage({ names: crowd, browsers: [...new Set([on, /** @type {const} */ ('chromium')])] }); });
  beforeEach(async () => {
    await stage.enter();
    await seed(stage);
  });
  afterEach(() => stage?.leave());
  after(() => stage?.close());
  for (const tag of on === 'chromium' ? ['pseudo', 'pseudo-rtl', ...languages] : languages) tour(() => stage, tag, on);
  return () => stage;
}

/** @param {() => Stage} at @param {string} tag @param {'chromium' | 'firefox'} on */
function tour(at, tag, on) {
  test(`every place on a phone, in ${tag}: ${on}`, async () => {
    const stage = at();
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
