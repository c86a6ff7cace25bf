// Two people in a call while the program, or its relay, ends and starts again.

import assert from 'node:assert/strict';
import { through } from './relay.mjs';
import { listens, silenceOf } from './silence.mjs';
import { meet, startCall } from './stage.mjs';
import { text } from './text.mjs';
import { until } from './wait.mjs';

/** @typedef {import('./person.mjs').Person} Person */

/** What a page says where its server is gone. */
export const failing = /WebSocket|Failed to load resource|ERR_|can’t establish a connection|was interrupted while the page was loading|NetworkError/;

/** They still see and hear each other, and can tell each other things. @param {Person} anna @param {Person} ben */
export async function goesOn(anna, ben) {
  await meet([anna, 1], [ben, 2]);
  await anna.presses(text.stage.camera);
  await ben.sees(text.call.theirCameraOff('Anna'));
  await ben.presses(text.call.hangUp);
  await anna.sees(text.call.ended.hangup.title);
}

/**
 * Two who talk, and listen: over the program's relay, over another one, or directly.
 * @param {import('./stage.mjs').Stage} stage
 * @param {import('./browsers.mjs').Kind} one @param {import('./browsers.mjs').Kind} two
 * @param {{turn?: 'udp' | 'tcp', direct?: boolean, relay?: Awaited<ReturnType<typeof import('./relay.mjs').startRelay>>}} [options]
 */
export async function talks(stage, one, two, { turn = 'udp', direct = false, relay } = {}) {
  const local = direct ? undefined : { 'ringfence.relay': 'always', 'ringfence.turn': turn };
  const options = {
    ...(local === undefined ? {} : { local }),
    ...(relay === undefined ? {} : { before: (/** @type {Person} */ p) => p.page.evaluateOnNewDocument(through, relay.server(turn)) }),
  };
  const anna = await stage.arrives('Anna', { on: one, ...options });
  const ben = await stage.arrives('Ben', { on: two, ...options });
  for (const p of [anna, ben]) p.expected.push(failing);
  await startCall(anna, ben, 'Ben');
  await meet([anna, 1], [ben, 2]);
  if (!direct) for (const p of [anna, ben]) assert.deepEqual(await p.route().then((r) => [r.local, r.relayProtocol]), ['relay', turn]);
  await listens(anna, 2);
  await listens(ben, 1);
  return { anna, ben };
}

/**
 * Waits until both hear each other again, and says how long that took.
 * @param {import('node:test').TestContext} t @param {Person} anna @param {Person} ben @param {number} since @param {number} [back] when there was a relay again
 */
export async function recovers(t, anna, ben, since, back = since) {
  for (const [name, p] of /** @type {const} */ ([['the caller', anna], ['the callee', ben]])) {
    const s = await until(`${name} hearing again`, () => silenceOf(p, since), 15_000).catch(async (err) => { throw new Error(`${err.message}\nthe page says: ${await p.reads()}`); });
    assert.ok(s.until - back < 10_000, `${name} hears again only after ${s.until - back} ms`);
    const after = back === since ? '' : `, ${s.until - back} ms after it was ready`;
    t.diagnostic(s.until === since ? `${name} heard no silence` : `${name} hears again after ${s.until - since} ms${after}; silent from ${s.from - since} ms on`);
  }
  for (const p of [anna, ben]) assert.equal((await p.route()).local, 'relay');
  await goesOn(anna, ben);
}
