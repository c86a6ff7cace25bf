// What hands are needed to see: a password refused, a friend's removal asked
// about, a call in each of its states. Looked at as every place is in
// everywhere.test.mjs.

import { after, afterEach, before, beforeEach, test } from 'node:test';
import { accessible } from './lib/inspect.mjs';
import { overlaps, settled } from './lib/look.mjs';
import { crowd, goes, recipes, seed, walks } from './lib/places.mjs';
import { setStage } from './lib/stage.mjs';
import { text } from './lib/text.mjs';
import { calm, desktop, Findings, looks, phone, places, system } from './lib/tour.mjs';

/** @type {import('./lib/stage.mjs').Stage} */
let stage;
const kinds = /** @type {const} */ (['chromium', 'firefox']);
before(async () => { stage = await setStage({ names: crowd, browsers: [...kinds], launch: calm }); });
beforeEach(async () => {
  await stage.enter();
  await seed(stage);
});
afterEach(() => stage?.leave());
after(() => stage?.close());

for (const { walk, on } of kinds.flatMap((kind) => walks.map((x) => ({ walk: x, on: kind })))) {
  test(`${walk.name}, in every look: ${on}`, async () => {
    const found = new Findings();
    const who = walk.who ?? 'Anna';
    const p = await stage.arrives(who || 'Chi', { ...(who === '' ? { api: undefined } : {}), on, path: walk.path, devices: { side: 1, ...walk.devices }, before: (x) => system(x) });
    p.expected.push(/\b(401|404|410)\b/);
    for await (const state of walk.steps(p, text, stage, {})) {
      await looks(p, state, found);
      await p.page.setViewport(desktop);
    }
    found.none();
  });
}

for (const on of kinds) {
  test(`a call over every place: ${on}`, async () => {
    const found = new Findings();
    const anna = await stage.arrives('Anna', { on, before: (x) => system(x) });
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
}
