// Every place in every language there is, and from right to left: on a phone
// nothing is wider than its place, and no control lies on another.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { fits } from './lib/inspect.mjs';
import { overlaps, settled } from './lib/look.mjs';
import { crowd, recipes, seed, walks } from './lib/places.mjs';
import { setStage } from './lib/stage.mjs';
import { catalogue, load } from './lib/text.mjs';
import { Findings, phone, sees, system, through } from './lib/tour.mjs';

/** @typedef {import('./lib/person.mjs').Person} Person */

/** @type {import('./lib/stage.mjs').Stage} */
let stage;
before(async () => { stage = await setStage({ names: crowd }); });
beforeEach(async () => {
  await stage.enter();
  await seed(stage);
});
afterEach(() => stage?.leave());
after(() => stage?.close());

/** What another language can break: room, and direction. @param {Person} p @param {string} where @param {Findings} found */
async function looksAtRoom(p, where, found) {
  await settled(p);
  await found.add(fits(p, where));
  await found.add(overlaps(p, where));
}

for (const tag of ['pseudo-rtl', ...(await load('state/preferences.ts')).languages.filter((/** @type {string} */ l) => l !== 'en')]) {
  test(`every place on a phone, in ${tag}`, async () => {
    const found = new Findings();
    const t = await catalogue(tag);
    const local = { 'ringfence.lang': tag };
    await through(stage, 'well', { local, size: phone }, async (p, { route, path }) => {
      await p.page.setViewport(phone);
      await sees(p, recipes[route].full(t));
      assert.equal(await p.page.evaluate(() => document.documentElement.dir), t.meta.dir);
      await looksAtRoom(p, `${path} in ${tag}`, found);
    });
    for (const walk of walks) {
      const who = walk.who ?? 'Anna';
      const p = await stage.arrives(who || 'Chi', { ...(who === '' ? { api: undefined } : {}), path: walk.path, local, size: phone, devices: { side: 1, ...walk.devices }, before: (x) => system(x) });
      p.expected.push(/\b(401|404|410)\b/);
      for await (const state of walk.steps(p, t, stage, {})) await looksAtRoom(p, `${state} in ${tag}`, found);
      await stage.leave();
    }
    found.none();
  });
}
