// Real calls between real browsers, on every route. The picture's counter and
// the microphone's tone are found on the other side, both ways; the route is
// what getStats says and what the program's own relay counted.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { meet, setStage, startCall } from './lib/stage.mjs';
import { text } from './lib/text.mjs';
import { until } from './lib/wait.mjs';

/** @type {import('./lib/stage.mjs').Stage} */
let stage;
before(async () => { stage = await setStage({ names: ['Anna', 'Ben'], browsers: ['chromium', 'firefox'] }); });
beforeEach(() => stage.enter());
afterEach(() => stage?.leave());
after(() => stage?.close());

const pairs = /** @type {const} */ ([['chromium', 'chromium'], ['chromium', 'firefox'], ['firefox', 'chromium']]);
const routes = /** @type {const} */ (['direct', 'udp', 'tcp']);

/** Bytes that came in at the relay's own listeners, by transport. */
async function relayed() {
  const m = await stage.server.metrics();
  return {
    udp: m.total('ringfence_relay_listener_received_bytes_total', { transport: 'udp' }),
    tcp: m.total('ringfence_relay_listener_received_bytes_total', { transport: 'tcp' }),
  };
}

for (const [from, to] of pairs) {
  for (const route of routes) {
    test(`${from} calls ${to}, ${route === 'direct' ? route : `relayed over ${route}`}`, async () => {
      const local = route === 'direct' ? {} : { 'ringfence.relay': 'always', 'ringfence.turn': route };
      const anna = await stage.arrives('Anna', { on: from, local });
      const ben = await stage.arrives('Ben', { on: to, local });
      await anna.seesFriend('Ben', text.people.online);
      const start = await relayed();
      await startCall(anna, ben, 'Ben');
      await meet([anna, 1], [ben, 2]);

      const [a, b] = await until('20 kB of sound and picture from each side', async () => {
        const both = await Promise.all([anna.route(), ben.route()]);
        if (both.every((r) => r.sent > 20_000)) return both;
        throw new Error(JSON.stringify(both));
      }, 20_000);
      const end = await relayed();
      const grew = { udp: end.udp - start.udp, tcp: end.tcp - start.tcp };
      const sent = a.sent + b.sent;
      if (route === 'direct') {
        assert.notEqual(a.local, 'relay');
        assert.notEqual(a.remote, 'relay');
        assert.ok(grew.udp + grew.tcp < 20_000, `a direct call left ${JSON.stringify(grew)} bytes at the relay`);
        for (const p of [anna, ben]) await p.sees(text.call.direct);
      } else {
        for (const r of [a, b]) {
          assert.equal(r.local, 'relay');
          assert.equal(r.relayProtocol, route);
        }
        const other = route === 'udp' ? 'tcp' : 'udp';
        assert.ok(grew[route] > 0.8 * sent, `the browsers sent ${sent} bytes, the relay's ${route} listeners counted ${grew[route]}`);
        assert.ok(grew[other] < 10_000, `the relay's ${other} listeners counted ${grew[other]} bytes of a call over ${route}`);
        for (const p of [anna, ben]) await p.sees(text.call.relayed);
      }

      await anna.presses(text.call.hangUp);
      await until('no allocation at the relay', async () => (await stage.server.metrics()).total('ringfence_relay_allocations') === 0, 1_000);
      await ben.sees(text.call.ended.hangup.title);
    });
  }
}
