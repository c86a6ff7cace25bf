// Going through all places: what several tests share that do.

import assert from 'node:assert/strict';
import { accessible, fits, saidOnce } from './inspect.mjs';
import { keepsShape, overlaps, reachableByFinger, settled, still } from './look.mjs';
import { addresses, answers, goes, past, patterns, recipes } from './places.mjs';

/** @typedef {import('./person.mjs').Person} Person */
/** @typedef {import('./stage.mjs').Stage} Stage */

export const phone = { width: 360, height: 740 }, desktop = { width: 1280, height: 800 }, zoomed = { width: 640, height: 400, deviceScaleFactor: 2 };

/** What went wrong in one test: all of it, not only the first. */
export class Findings {
  /** @type {string[]} */
  all = [];
  /** @param {Promise<unknown>} look */
  async add(look) {
    await look.catch((err) => {
      if (!(err instanceof assert.AssertionError) || !Array.isArray(err.actual)) throw err;
      this.all.push(`${err.message.split('\n')[0]}:\n    ${err.actual.join('\n    ')}`);
    });
  }

  none() {
    assert.equal(this.all.length, 0, `${this.all.length} findings:\n  ${[...new Set(this.all)].join('\n  ')}`);
  }
}

/** @type {WeakMap<import('puppeteer-core').Page, import('puppeteer-core').CDPSession>} */
const sessions = new WeakMap();

/** Less motion, and light colours, in Firefox, whose driver can’t say what the system asks for: they are said when it starts. */
export const calm = { prefs: { 'ui.prefersReducedMotion': 1, 'layout.css.prefers-color-scheme.content-override': 1 } };

/** What else a system can ask of Firefox when it starts: its own colours; letters twice as large. */
export const wishes = {
  colours: { prefs: { ...calm.prefs, 'browser.display.document_color_use': 2, 'ui.useAccessibilityTheme': 1 } },
  letters: { prefs: { ...calm.prefs, 'font.size.variable.x-western': 32, 'font.size.monospace.x-western': 32 } },
};

/** Whether the system can ask for something here while the page is open. @param {Person} p */
const asks = async (p) => !/firefox/i.test(await p.page.browser().version());

/** What the system asks for; less motion always. @param {Person} p @param {Record<string, string>} [wishes] */
export async function system(p, wishes = {}) {
  if (!await asks(p)) { // the colours alone, as the person’s own choice would set them
    const { 'prefers-color-scheme': scheme = 'light' } = wishes;
    await p.page.evaluate((x) => { if (document.documentElement) document.documentElement.dataset.theme = x; }, scheme);
    return;
  }
  const session = sessions.get(p.page) ?? await p.page.createCDPSession();
  sessions.set(p.page, session);
  const features = Object.entries({ 'prefers-reduced-motion': 'reduce', 'prefers-color-scheme': 'light', ...wishes }).map(([name, value]) => ({ name, value }));
  await session.send('Emulation.setEmulatedMedia', { features });
}

/** How large letters are in the browser's own settings; 16 px is what people have who never looked. @param {Person} p @param {number} standard */
export async function letters(p, standard) {
  await sessions.get(p.page)?.send('Page.setFontSizes', { fontSizes: { standard, fixed: standard } });
}

/** Every look there is, at one state of the page; in Firefox those that need nothing of the system. @param {Person} p @param {string} where @param {Findings} found */
export async function looks(p, where, found) {
  for (const [device, size] of /** @type {const} */ ([['a desktop', desktop], ['a phone', phone]])) {
    await p.page.setViewport(size);
    for (const scheme of ['light', 'dark']) {
      const at = `${where}, on ${device}, ${scheme}`;
      await system(p, { 'prefers-color-scheme': scheme });
      await settled(p);
      await found.add(accessible(p, at));
      if (scheme === 'dark') continue; // colours alone are others
      await found.add(fits(p, at));
      await found.add(saidOnce(p, at));
      await found.add(overlaps(p, at));
      await found.add(still(p, at));
      if (size === phone) await found.add(reachableByFinger(p, at));
    }
  }
  const chromium = await asks(p);
  if (chromium) {
    await system(p, { 'forced-colors': 'active' });
    await settled(p);
    await found.add(keepsShape(p, `${where}, forced colours`));
    await system(p, { 'prefers-contrast': 'more' });
    await settled(p);
    await found.add(accessible(p, `${where}, more contrast`));
  }
  await p.page.setViewport(zoomed);
  await system(p);
  await settled(p);
  await found.add(fits(p, `${where}, at 200 %`));
  await found.add(overlaps(p, `${where}, at 200 %`));
  await p.page.setViewport(desktop);
  if (!chromium) return;
  await letters(p, 32);
  await settled(p);
  await found.add(fits(p, `${where}, letters at 200 %`));
  await found.add(overlaps(p, `${where}, letters at 200 %`));
  await letters(p, 16);
  await p.page.setViewport(phone); // a change of letters alone doesn’t tell the page that there is room again
}

/** Every address of every route. @param {Stage} stage */
export const places = (stage) => patterns.flatMap(({ pattern, route }) => addresses(pattern, stage).map((path) => ({ route, path, pattern })));

/**
 * One state of all places, in a window of its own.
 * @param {Stage} stage @param {import('./places.mjs').Mood} mood @param {{on?: import('./browsers.mjs').Kind, local?: Record<string, string>, api?: import('./server.mjs').Api, size?: {width: number, height: number}}} who
 * @param {(p: Person, place: {route: string, path: string}) => Promise<void>} look
 */
export async function through(stage, mood, who, look) {
  const signedIn = places(stage).filter(({ route }) => !recipes[route].out);
  const p = await stage.arrives('Anna', { ...who, local: { ...past(stage), ...who.local }, path: signedIn[0].path, before: async (x) => { await system(x); await answers(x, mood); } });
  p.expected.push(/\b(404|503)\b/);
  for (const place of signedIn) {
    await p.page.setViewport(desktop);
    // Loading the page for each would be more than one session may ask for; what is answered here costs the server nothing.
    if (mood === 'well') await goes(p, place.path);
    else await p.open(place.path);
    await look(p, place);
  }
  await stage.leave();
}

/** @param {Person} p @param {(string | RegExp)[]} words */
export async function sees(p, words) {
  for (const w of words) await p.sees(w);
}
