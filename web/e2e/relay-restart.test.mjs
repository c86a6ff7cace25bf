// A relay that starts anew has lost its allocations. A relayed call is heard
// again within moments, without anybody doing anything: where the whole
// program was killed and is back, and where a relay was that runs alone.

import { after, afterEach, before, beforeEach, test } from 'node:test';
import { recovers, talks } from './lib/outage.mjs';
import { startRelay } from './lib/relay.mjs';
import { setStage } from './lib/stage.mjs';
import { until } from './lib/wait.mjs';

/** @type {import('./lib/stage.mjs').Stage} */
let stage;
before(async () => { stage = await setStage({ names: ['Anna', 'Ben'], browsers: ['chromium', 'firefox'] }); });
beforeEach(() => stage.enter());
afterEach(() => stage?.leave());
after(() => stage?.close());

const pairs = /** @type {const} */ ([['chromium', 'firefox'], ['firefox', 'chromium'], ['chromium', 'chromium']]); // Firefox draws only the window in front

for (const [one, two] of pairs) {
  for (const [down, turn] of /** @type {const} */ ([[0, 'udp'], [5000, 'udp'], [0, 'tcp']])) {
    test(`the program is killed, and ${down === 0 ? 'at once' : `${down / 1000} s later`} started again, in a call relayed over ${turn}: ${one} calls ${two}`, async (t) => {
      const { anna, ben } = await talks(stage, one, two, { turn });
      const killed = Date.now();
      await stage.server.crash();
      await until('the end of the outage', () => Date.now() - killed >= down);
      await stage.server.again();
      t.diagnostic(`the program was ready ${Date.now() - killed} ms after the kill`);
      await recovers(t, anna, ben, killed, Date.now());
    });
  }
}

for (const [one, two] of pairs) {
  for (const turn of /** @type {const} */ (['udp', 'tcp'])) {
    test(`a relay that runs alone is killed and starts again, in a call relayed over ${turn}: ${one} calls ${two}`, async (t) => {
      const relay = await startRelay(stage.server.folder);
      t.after(() => relay.kill());
      const { anna, ben } = await talks(stage, one, two, { turn, relay });
      const killed = Date.now();
      await relay.kill();
      await relay.again();
      t.diagnostic(`the relay was ready ${Date.now() - killed} ms after the kill`);
      await recovers(t, anna, ben, killed, Date.now());
    });
  }
}
