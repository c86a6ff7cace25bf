// The program ends in the middle of a call, told to or killed, and starts again,
// as it does for an update. Nobody presses anything; the call is one as before.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { goesOn, recovers, talks } from './lib/outage.mjs';
import { startRelay } from './lib/relay.mjs';
import { longestGap } from './lib/silence.mjs';
import { meet, setStage } from './lib/stage.mjs';
import { text } from './lib/text.mjs';
import { until } from './lib/wait.mjs';

/** @typedef {import('./lib/person.mjs').Person} Person */

/** @type {import('./lib/stage.mjs').Stage} */
let stage;
before(async () => { stage = await setStage({ names: ['Anna', 'Ben'], browsers: ['chromium', 'firefox'] }); });
beforeEach(() => stage.enter());
afterEach(() => stage?.leave());
after(() => stage?.close());

const pairs = /** @type {const} */ ([['chromium', 'firefox'], ['firefox', 'chromium'], ['chromium', 'chromium']]); // Firefox draws only the window in front

/** The two ways in which the program may end in the middle of a call. */
const endings = /** @type {const} */ (['crash', 'terminate']);

for (const [one, two] of pairs) {
  test(`the program is told to end and started again in a call that it relays: ${one} calls ${two}`, async (t) => {
    const { anna, ben } = await talks(stage, one, two);
    const told = Date.now();
    await stage.server.terminate();
    await stage.server.again();
    t.diagnostic(`the program was ready ${Date.now() - told} ms after it was told`);
    await recovers(t, anna, ben, told, Date.now());
  });
}

/** What each end of each connection calls itself: another name is another search for a way. @param {Person[]} all */
const ways = (...all) => Promise.all(all.map((p) => p.page.evaluate(() => window.__probe.connections.map((c) => [c.connectionState, /a=ice-ufrag:.*/.exec(c.localDescription?.sdp ?? '')?.[0]]))));

/**
 * The program ends and starts in a call of which it carries nothing: nobody
 * hears of it, and the call can be told things and look for a new way after.
 * @param {import('node:test').TestContext} t @param {Person} anna @param {Person} ben @param {typeof endings[number]} how @param {boolean} [stays] whether nobody looks for a way
 */
async function unheard(t, anna, ben, how, stays = false) {
  const before = await ways(anna, ben);
  const since = Date.now();
  await stage.server[how]();
  await meet([anna, 1], [ben, 2]);
  await stage.server.again();
  await anna.presses(text.call.mute);
  await ben.sees(text.call.theyMuted('Anna'));
  const gaps = [await longestGap(anna, since)];
  await anna.presses(text.call.mute);
  if (stays) assert.deepEqual(await ways(anna, ben), before);
  t.diagnostic(`the caller heard nothing for ${gaps[0]} ms at most`);
  assert.ok(gaps[0] < 1500, `a gap of ${gaps[0]} ms`); // a busy machine stutters
  const then = await ways(anna, ben);
  await anna.page.evaluate(() => void window.dispatchEvent(new Event('online')));
  await until('another way on both sides', async () => (await ways(anna, ben)).every((w, i) => w.at(-1)?.[1] !== then[i].at(-1)?.[1]), 20_000);
  await goesOn(anna, ben);
}

for (const how of endings) {
  test(`a call that needs no relay goes on as it is while the program ends (${how}) and starts again`, async (t) => {
    const { anna, ben } = await talks(stage, 'chromium', 'firefox', { direct: true });
    await unheard(t, anna, ben, how, true);
  });

  test(`so does a call over a relay that runs alone (${how})`, async (t) => {
    const relay = await startRelay(stage.server.folder);
    t.after(() => relay.kill());
    const { anna, ben } = await talks(stage, 'chromium', 'chromium', { relay });
    await unheard(t, anna, ben, how);
  });
}
