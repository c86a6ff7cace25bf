// What two people in a call hear of an outage: how long the tone of the other
// one is not there.

import assert from 'node:assert/strict';
import { toneOf } from './person.mjs';
import { until } from './wait.mjs';

/** @typedef {import('./person.mjs').Person} Person */

/** Runs in the page: notes every 20 ms whether a tone is heard, with the time. @param {number} hertz */
function listenFor(hertz) {
  /** @type {[number, boolean][]} */
  const heard = [];
  window.__heard = heard;
  setInterval(() => void heard.push([Date.now(), window.__probe.loudness(hertz) > -60]), 20);
}

/** Begins to listen, and returns once sound has come for three seconds, most of the time: a busy machine stutters. @param {Person} p @param {number} side */
export async function listens(p, side) {
  await p.page.evaluate(listenFor, toneOf(side));
  await until('three seconds of sound', () => p.page.evaluate(() => window.__heard.filter((/** @type {[number, boolean]} */ [, on]) => on).length > 150), 20_000);
}

/**
 * The silence after a moment, once it is over for two seconds: a browser goes
 * on for a while with what it has, and may bridge a short one altogether.
 * @param {Person} p @param {number} since
 */
export async function silenceOf(p, since) {
  /** @type {[number, boolean][]} */
  const all = (await p.page.evaluate(() => window.__heard)).filter((/** @type {[number, boolean]} */ [at]) => at > since);
  const first = all.findIndex(([, on]) => !on);
  const last = all.findLastIndex(([, on]) => !on);
  const now = all.at(-1)?.[0] ?? since;
  if (first < 0) return now > since + 8000 ? { from: since, until: since } : undefined;
  return now > all[last][0] + 2000 ? { from: all[first][0], until: all[last][0] } : undefined;
}

/**
 * The longest time without the tone since a moment, in milliseconds: 0 where
 * there was none longer than two looks.
 * @param {Person} p @param {number} since
 */
export async function longestGap(p, since) {
  /** @type {[number, boolean][]} */
  const all = (await p.page.evaluate(() => window.__heard)).filter((/** @type {[number, boolean]} */ [at]) => at > since);
  assert.ok(all.length > 0, 'nothing was listened to');
  let longest = 0;
  let heard = since;
  for (const [at, on] of all) {
    if (!on) continue;
    longest = Math.max(longest, at - heard);
    heard = at;
  }
  longest = Math.max(longest, (all.at(-1)?.[0] ?? heard) - heard);
  return longest > 60 ? longest : 0;
}
