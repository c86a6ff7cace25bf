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

/** Puts another tab before a person's, so that the browser itself takes it for hidden. @param {Person} person */
export async function behind(person) {
  if (!/firefox/i.test(await person.page.browser().version())) {
    // A headless window hides its tabs only where it is put away altogether.
    const session = await person.page.createCDPSession();
    const { windowId } = await session.send('Browser.getWindowForTarget');
    await session.send('Browser.setWindowBounds', { windowId, bounds: { windowState: 'minimized' } });
    await session.detach();
  }
  await (await person.context.newPage()).bringToFront();
  await until('a hidden page', () => person.page.evaluate(() => document.visibilityState === 'hidden'));
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

/** What a browser says of connections that are cut, be they open, begun, or for a part of the page that was on its way. */
export const cut = [/WebSocket|Failed to load resource|ERR_|can’t establish a connection|was interrupted while the page was loading|NetworkError|A ServiceWorker intercepted the request/];

/** The worker of a person’s browser. Chromium alone lets one in. @param {Person} person */
async function workerOf(person) {
  const mine = (/** @type {import('puppeteer-core').Target} */ x) => x.type() === 'service_worker' && x.url().startsWith(person.origin) && x.browserContext() === person.context;
  const worker = await (await person.page.browser().waitForTarget(mine)).worker();
  if (!worker) throw new Error('no worker');
  // Looking for notifications while one is being shown makes Chromium forget that one: 23 of 100. So each waits for the other.
  await worker.evaluate(() => {
    if (self.__looks) return;
    const show = self.registration.showNotification.bind(self.registration);
    let turn = Promise.resolve();
    const inTurn = (/** @type {() => Promise<any>} */ work) => (turn = turn.then(work, work));
    self.registration.showNotification = (...a) => inTurn(() => show(...a));
    self.__looks = () => inTurn(() => self.registration.getNotifications());
  });
  return worker;
}

/** told runs in the worker, or in the page where nobody lets us into the worker. */
async function told() {
  const all = await (self.__looks ? self.__looks() : (await navigator.serviceWorker.ready).getNotifications());
  return all.map((/** @type {any} */ n) => ({ title: n.title, tag: n.tag.split(':')[0], actions: n.actions?.map((/** @type {any} */ a) => a.action).join() }));
}

/**
 * The notifications that are shown. It has to be called once before any is, so
 * that from then on no look disturbs them.
 * @param {Person} person @returns {Promise<{title: string, tag: string, actions: string}[]>}
 */
export async function notices(person) {
  const firefox = /firefox/i.test(await person.page.browser().version());
  return firefox ? person.page.evaluate(told) : (await workerOf(person)).evaluate(told);
}

/** Presses a notification, as the system does. @param {Person} person @param {string} action */
export async function pressesNotice(person, action) {
  const worker = await workerOf(person);
  await until(`pressing “${action}”`, () => worker.evaluate(async (what) => {
    const [notification] = await self.__looks();
    if (!notification) return false;
    self.dispatchEvent(new NotificationEvent('notificationclick', { notification, action: what }));
    return true;
  }, action));
}

/** Leaves a notification behind, as a tab that crashed does. @param {Person} person @param {string} call */
export async function leavesNotice(person, call) {
  await (await workerOf(person)).evaluate((id) => self.registration.showNotification('left', { tag: `call:${id}`, data: { call: id, client: 'gone' } }), call);
}
