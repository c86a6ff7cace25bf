// Going through all places: what several tests share that do.

import assert from 'node:assert/strict';
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

/** What the system asks for; less motion always. @param {Person} p @param {Record<string, string>} [wishes] */
export async function system(p, wishes = {}) {
  const session = sessions.get(p.page) ?? await p.page.createCDPSession();
  sessions.set(p.page, session);
  const features = Object.entries({ 'prefers-reduced-motion': 'reduce', 'prefers-color-scheme': 'light', ...wishes }).map(([name, value]) => ({ name, value }));
  await session.send('Emulation.setEmulatedMedia', { features });
}

/** How large letters are in the browser's own settings; 16 px is what people have who never looked. @param {Person} p @param {number} standard */
export async function letters(p, standard) {
  await sessions.get(p.page)?.send('Page.setFontSizes', { fontSizes: { standard, fixed: standard } });
}

/** Every address of every route. @param {Stage} stage */
export const places = (stage) => patterns.flatMap(({ pattern, route }) => addresses(pattern, stage).map((path) => ({ route, path, pattern })));

/**
 * One state of all places, in a window of its own.
 * @param {Stage} stage @param {import('./places.mjs').Mood} mood @param {{local?: Record<string, string>, api?: import('./server.mjs').Api, size?: {width: number, height: number}}} who
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
