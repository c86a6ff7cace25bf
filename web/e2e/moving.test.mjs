// A device that moves from Wi-Fi to mobile and back in mid-call: the call goes
// on without anybody doing anything, and without a ring. How long it is silent
// is what bench-moves.mjs measures.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setMoving } from './lib/moving.mjs';
import { ownNetwork } from './lib/narrow.mjs';
import { meet, startCall } from './lib/stage.mjs';
import { text } from './lib/text.mjs';

/** @typedef {import('./lib/person.mjs').Person} Person */

/** Runs in the page: counts what rings. */
function countRings() {
  window.__rings = 0;
  const ring = () => {
    const found = [...document.querySelectorAll('button')].some((b) => (b.getAttribute('aria-label') ?? b.innerText.trim()) === window.__accept);
    if (found && !window.__rang) window.__rings++;
    window.__rang = found;
  };
  new MutationObserver(ring).observe(document, { subtree: true, childList: true });
}

const skip = ownNetwork ? false : 'the machine’s own network is left alone';

for (const kind of /** @type {const} */ (['chromium', 'firefox'])) {
  test(`a call goes on as ${kind} moves between two networks`, { skip }, async (t) => {
    const scene = await setMoving(kind);
    t.after(() => scene.close());
    for (const [how, calls, relay, soft] of /** @type {const} */ ([
      ['the caller moves, directly connected', true, false, false],
      ['the callee moves, over the relay', false, true, false],
      ['the caller moves with both networks there for a moment', true, false, true],
    ])) {
      await t.test(how, async () => {
        const { anna, ben } = await scene.arrive({ local: relay ? { 'ringfence.relay': 'always' } : {} });
        if (calls) await startCall(anna, ben, 'Ben');
        else await startCall(ben, anna, 'Anna');
        await meet([anna, 1], [ben, 2]);
        for (const p of [anna, ben]) {
          await p.page.evaluate((word) => { window.__accept = word; }, text.call.accept);
          await p.page.evaluate(countRings);
        }
        for (let i = 0; i < 2; i++) {
          await scene.network.move({ soft, between: soft ? 1500 : 0 });
          await meet([anna, 1], [ben, 2]);
        }
        for (const p of [anna, ben]) {
          assert.equal(await p.page.evaluate(() => window.__rings), 0, 'it rang again');
          assert.equal((await p.route()).local === 'relay', relay);
        }
        await anna.presses(text.call.mute); // signaling works in the new network
        await ben.sees(text.call.theyMuted('Anna'));
        await ben.presses(text.call.hangUp);
        await anna.sees(text.call.ended.hangup.title);
        await anna.leaves();
        await ben.leaves();
      });
    }
  });
}
