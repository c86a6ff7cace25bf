// Every place in every language, in Chromium; and that the tour finds what it
// looks for.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fits, translated } from './lib/inspect.mjs';
import { own, tourEveryLanguage } from './lib/languages.mjs';
import { pseudo } from './lib/text.mjs';
import { phone, system } from './lib/tour.mjs';

const stage = tourEveryLanguage('chromium');

test('a word from outside the catalogue is found', async () => {
  const p = await stage().arrives('Ben', { local: { 'ringfence.lang': 'pseudo' }, size: phone, before: (x) => system(x) });
  await p.finds('button', pseudo.people.videoCall('Anna'));
  await translated(p, 'people', own);
  const spoilt = async (/** @type {string} */ tag, /** @type {Record<string, string>} */ attributes, /** @type {string} */ words) => p.page.evaluate((t, a, w) => {
    document.querySelector('[data-spoilt]')?.remove();
    const e = document.createElement(t);
    for (const [k, v] of Object.entries({ ...a, 'data-spoilt': '' })) e.setAttribute(k, v);
    e.textContent = w;
    document.querySelector('main')?.append(e);
  }, tag, attributes, words);
  await spoilt('p', {}, 'Hello');
  await assert.rejects(translated(p, 'spoilt', own), /Hello/);
  await spoilt('button', { 'aria-label': 'Press', type: 'button' }, '');
  await assert.rejects(translated(p, 'spoilt', own), /Press/);
  await spoilt('p', {}, '⟦Donaudampfschifffahrtsgesellschaftskapitänswitwenrentenauszahlungsstelle⟧'.repeat(3));
  await p.page.evaluate(() => { /** @type {HTMLElement} */ (document.querySelector('[data-spoilt]')).style.overflowWrap = 'normal'; });
  await assert.rejects(fits(p, 'spoilt'), /wider than its place/);
});
