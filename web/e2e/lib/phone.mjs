// A phone without a screen: the SDK alone on an empty page of the server, for
// what calls can do before, or whatever, the client shows of it. Every press
// is a real one, on a button that the page gets for it.

import { build } from 'vite';
import { fileURLToPath } from 'node:url';
import { until } from './wait.mjs';

/** @typedef {import('./person.mjs').Person} Person */

let made = '';

/** The SDK as one script that sets window.ringfence. */
async function bundle() {
  if (made !== '') return made;
  const result = await build({
    configFile: false, logLevel: 'silent',
    build: { write: false, minify: false, lib: { entry: fileURLToPath(new URL('../../sdk/src/index.ts', import.meta.url)), formats: ['iife'], name: 'ringfence' } },
  });
  const [first] = Array.isArray(result) ? result : [result];
  if (!('output' in first)) throw new Error('the SDK was not built');
  made = `${first.output[0].code}\nwindow.ringfence = ringfence;`;
  return made;
}

/** In the page: a client, and elements that play what comes in. */
function furnish(settings) {
  document.body.textContent = '';
  const video = document.createElement('video');
  Object.assign(video, { autoplay: true, playsInline: true });
  video.setAttribute('aria-label', 'them');
  const own = document.createElement('video');
  Object.assign(own, { autoplay: true, playsInline: true, muted: true });
  own.setAttribute('aria-label', 'me');
  const button = document.createElement('button');
  button.textContent = 'press';
  document.body.append(button, video); // one's own picture is left out, so that every counter seen came through the call
  const client = window.ringfence.createClient();
  const phone = { client, call: null, events: [], plugs: 0, done: null, failed: null };
  window.__phone = phone;
  client.watchDevices(() => { phone.plugs++; });
  client.calls.settings = { relay: 'auto', ...settings };
  client.calls.on('change', (call) => {
    if (!call) return;
    phone.call = call;
    const look = () => {
      if (video.srcObject !== call.remoteStream) {
        video.srcObject = call.remoteStream;
        void video.play().catch(() => undefined);
      }
      if (own.srcObject !== call.localStream) own.srcObject = call.localStream ?? null;
    };
    call.on('change', look);
    call.on('device', (e) => phone.events.push(e));
    look();
  });
  client.connect();
}

/**
 * phone gives somebody who has arrived an SDK of their own instead of the client.
 * @param {import('./stage.mjs').Stage} stage @param {string} name
 * @param {Parameters<import('./stage.mjs').Stage['arrives']>[1] & {settings?: object}} [options]
 */
export async function phone(stage, name, { settings, ...options } = {}) {
  const person = await stage.arrives(name, { ...options, path: '/nothing-here.txt' });
  person.expected.push(/nothing-here|404/);
  const { page } = person;
  await page.evaluate(await bundle());
  await page.evaluate(furnish, settings ?? {});
  await until(`${name} being online`, () => page.evaluate(() => window.__phone.client.signal.state === 'open'));
  const read = (/** @type {string} */ expression) => page.evaluate((e) => {
    const call = window.__phone.call;
    const look = /** @type {Record<string, () => unknown>} */ ({
      state: () => call?.state, screen: () => call?.screen, camera: () => call?.camera, held: () => call?.held, muted: () => call?.muted,
      remote: () => call?.remote, using: () => call?.using, facing: () => call?.facing, problem: () => call?.problem, stats: () => call?.stats(),
      shown: () => call?.localStream?.getVideoTracks().length, quality: () => call?.quality,
    });
    return look[e]?.();
  }, expression);
  return {
    person, page, read,
    /** Does something with the call, in a press. @param {string} method @param {unknown[]} given */
    does: async (method, ...given) => {
      await page.evaluate((m, args) => {
        const button = document.querySelector('button');
        window.__phone.done = window.__phone.failed = null;
        if (button) button.onclick = () => {
          Promise.resolve(window.__phone.call[m](...args)).then(() => { window.__phone.done = true; }, (err) => { window.__phone.failed = String(err); });
        };
      }, method, given);
      await page.click('button');
      await until(`${name}: ${method}`, () => page.evaluate(() => {
        if (window.__phone.failed) throw new Error(window.__phone.failed);
        return window.__phone.done;
      }));
    },
    /** @param {string} account @param {boolean} video */
    calls: (account, video) => page.evaluate((a, v) => { window.__phone.client.calls.start(a, { video: v }); }, account, video),
    /** Answers when it rings. @param {boolean} video */
    answers: async (video) => {
      await until(`${name}’s phone ringing`, async () => await read('state') === 'incoming');
      await page.evaluate((v) => window.__phone.call.answer({ video: v }), video);
    },
    /** Waits until something read of the call is as wanted. @param {string} what @param {(value: any) => unknown} test @param {number} [limit] */
    waits: (what, test, limit) => until(`${name}’s ${what}`, async () => {
      const value = await read(what);
      return test(value) || Promise.reject(new Error(JSON.stringify(value)));
    }, limit),
    events: () => page.evaluate(() => window.__phone.events),
    plugs: () => page.evaluate(() => window.__phone.plugs),
  };
}

/** @typedef {Awaited<ReturnType<typeof phone>>} Phone */

/**
 * talk has one phone call another, until both are connected.
 * @param {Phone} from @param {Phone} to @param {string} account whose phone to is @param {boolean} [video]
 */
export async function talk(from, to, account, video = true) {
  await from.calls(account, video);
  await to.answers(video);
  for (const p of [from, to]) await p.waits('state', (s) => s === 'connected', 20_000);
}
