// The browsers' own devices and their own autoplay rules, nothing put in their
// place: that the path from a real getUserMedia to the other side's screen and
// loudspeaker holds.

import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setStage, startCall } from './lib/stage.mjs';
import { text } from './lib/text.mjs';
import { until } from './lib/wait.mjs';

/** @type {import('./lib/stage.mjs').Stage} */
let stage;
before(async () => {
  stage = await setStage({ names: ['Anna', 'Ben'], browsers: ['chromium', 'firefox'], launch: { autoplay: false } });
});
beforeEach(() => stage.enter());
afterEach(() => stage?.leave());
after(() => stage?.close());

test('a call with the browsers’ own camera and microphone', async () => {
  const anna = await stage.arrives('Anna', { real: true });
  const ben = await stage.arrives('Ben', { real: true, on: 'firefox' });
  await startCall(anna, ben, 'Ben');
  for (const [p, other] of /** @type {const} */ ([[anna, 'Ben'], [ben, 'Anna']])) {
    const label = text.call.theirPicture(other);
    const look = () => p.page.evaluate((name) => window.__probe.digest(name), label);
    const first = await until(`a picture of ${other}`, look, 15_000);
    await until(`${other}’s picture moving`, async () => await look() !== first);
    await until(`${other}’s microphone`, async () => {
      const tones = await p.page.evaluate(() => window.__probe.tones());
      return tones.some((/** @type {{level: number}} */ x) => x.level > -60);
    }, 15_000);
  }
  await anna.presses(text.call.hangUp);
  await ben.sees(text.call.ended.hangup.title);
});
