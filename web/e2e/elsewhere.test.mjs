// A call goes on on another device of the same person, and comes back.

import { after, afterEach, before, beforeEach, test } from 'node:test';
import { fits } from './lib/inspect.mjs';
import { meet, setStage, startCall } from './lib/stage.mjs';
import { text } from './lib/text.mjs';
import { phone } from './lib/tour.mjs';

/** @type {import('./lib/stage.mjs').Stage} */
let stage;
before(async () => { stage = await setStage({ names: ['Anna', 'Ben'], browsers: ['chromium', 'firefox'] }); });
beforeEach(() => stage.enter());
afterEach(() => stage?.leave());
after(() => stage?.close());

for (const kind of /** @type {const} */ (['chromium', 'firefox'])) {
  for (const caller of /** @type {const} */ (['Anna', 'Ben'])) {
    test(`Anna’s call goes on on her other device, and comes back; ${caller} made it: ${kind}`, async () => {
      const anna = await stage.arrives('Anna', { on: kind });
      const ben = await stage.arrives('Ben');
      await ben.seesFriend('Anna', text.people.online);
      await (caller === 'Anna' ? startCall(anna, ben, 'Ben') : startCall(ben, anna, 'Anna'));
      await meet([anna, 1], [ben, 2]);
      const other = await stage.arrives('Anna', { size: phone });
      await other.sees(text.call.elsewhere('Ben'));
      await fits(other, 'a call on another device');
      if (process.env.SHOTS) await other.page.screenshot({ path: `${process.env.SHOTS}/elsewhere-${kind}-${caller}-phone.png` });
      await other.presses(text.call.continueHere);
      await anna.sees(text.call.ended.moved.title);
      if (process.env.SHOTS) await anna.page.screenshot({ path: `${process.env.SHOTS}/moved-${kind}-${caller}-wide.png` });
      await meet([other, 1], [ben, 2]);
      await other.seesNo(text.call.elsewhere('Ben'));

      await anna.presses(text.call.close);
      await anna.sees(text.call.elsewhere('Ben'));
      if (process.env.SHOTS) await anna.page.screenshot({ path: `${process.env.SHOTS}/elsewhere-${kind}-${caller}-wide.png` });
      await anna.presses(text.call.continueHere);
      await other.sees(text.call.ended.moved.title);
      await meet([anna, 1], [ben, 2]);
      await ben.presses(text.call.hangUp);
      await anna.sees(text.call.ended.hangup.title);
      await other.presses(text.call.close);
      await other.seesNo(text.call.elsewhere('Ben'));
    });
  }
}
