// Several tabs of one browser, and what each asks of the device: it is spied
// upon, because nothing here has a screen to keep on or a badge to show.

import { devices, instruments } from './probe.mjs';
import { Person, toneOf } from './person.mjs';
import { until } from './wait.mjs';

/** spies runs in the page: sets window.__spied, and window.__loops, the sounds that repeat now. */
export function spies() {
  window.__spied = [];
  window.__loops = new Set();
  window.__sounds = [];
  const say = (/** @type {unknown[]} */ ...words) => window.__spied.push(words.join(' '));
  for (const name of ['setAppBadge', 'clearAppBadge']) {
    Object.defineProperty(navigator, name, { configurable: true, value: async (/** @type {number | undefined} */ n) => say(name, n ?? '') });
  }
  Object.defineProperty(navigator, 'wakeLock', { configurable: true, value: { request: async () => {
    say('wake lock');
    const sentinel = { released: false, release: async () => { say('wake lock released'); sentinel.released = true; } };
    window.__sentinel = sentinel;
    return sentinel;
  } } });
  const session = navigator.mediaSession;
  if (session) {
    window.__keys = {};
    const set = session.setActionHandler.bind(session);
    session.setActionHandler = (/** @type {string} */ action, /** @type {any} */ handler) => {
      window.__keys[action] = handler;
      return set(action, handler);
    };
  }
  const { start, stop } = AudioBufferSourceNode.prototype;
  AudioBufferSourceNode.prototype.start = function (...args) {
    const samples = this.buffer?.getChannelData(0) ?? new Float32Array();
    window.__sounds.push({ loop: this.loop, peak: samples.reduce((m, x) => Math.max(m, Math.abs(x)), 0), seconds: this.buffer?.duration, state: () => this.context.state });
    if (this.loop) window.__loops.add(this);
    return start.apply(this, args);
  };
  AudioBufferSourceNode.prototype.stop = function (...args) {
    window.__loops.delete(this);
    return stop.apply(this, args);
  };
  // What a test says about being seen. Headless tabs are all in front.
  window.__hidden = false;
  Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => (window.__hidden ? 'hidden' : 'visible') });
  Object.defineProperty(document, 'hidden', { configurable: true, get: () => window.__hidden });
}

/** Presses in a tab that is brought to the front: Firefox draws no other. @param {Person} tab @param {Parameters<Person['presses']>} args */
export async function presses(tab, ...args) {
  await tab.page.bringToFront();
  await tab.presses(...args);
}

/** Shows or hides a tab, as far as its page can tell. @param {Person} person @param {boolean} on */
export async function hide(person, on) {
  await person.page.evaluate((x) => {
    window.__hidden = x;
    document.dispatchEvent(new Event('visibilitychange'));
  }, on);
}

/** Opens another tab in the browser of a person. @param {Person} person @param {number} side @param {string} [path] */
export async function tabOf(person, side, path = '/') {
  const page = await person.context.newPage();
  await page.evaluateOnNewDocument(instruments);
  await page.evaluateOnNewDocument(devices, { side, tone: toneOf(side) });
  await page.evaluateOnNewDocument(spies);
  const tab = new Person(person.context, page, person.origin);
  tab.errors = person.errors;
  await tab.open(path);
  return tab;
}

/** Loads the page anew with spies in it. @param {Person} person @param {string} [path] */
export async function spy(person, path = '/') {
  await person.page.evaluateOnNewDocument(spies);
  await person.open(path);
}

/** Whether a tab rings, or hears it ring over there. @param {Person} tab @returns {Promise<boolean>} */
export const rings = (tab) => tab.page.evaluate(() => window.__loops.size > 0);

/** Waits until a worker keeps the page. @param {Person} person */
export async function kept(person) {
  await until('a worker that is active', () => person.page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.active?.state === 'activated'));
}
