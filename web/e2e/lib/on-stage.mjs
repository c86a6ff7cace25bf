// What the tests of the stage have in common: a machine with drawn devices, two
// who talk, and looks at what is where.

import { meet, startCall } from './stage.mjs';
import { text } from './text.mjs';
import { until } from './wait.mjs';

/** @typedef {import('./person.mjs').Person} Person */

/** Longer than the controls stay without a move. */
export const longer = 3_800;

/** What is drawn in the place of the machine's devices and of its screen, from here on. */
export function machine() {
  const list = [['audioinput', 'built-in', 'Built-in'], ['audiooutput', 'speaker', 'Speaker']];
  const media = navigator.mediaDevices;
  media.enumerateDevices = () => Promise.resolve(list.map(([kind, deviceId, label]) => ({ kind, deviceId, label, groupId: '' })));
  window.__plug = (/** @type {string[]} */ device) => {
    list.push(device);
    media.dispatchEvent(new Event('devicechange'));
  };
  media.getDisplayMedia = async () => {
    const canvas = document.createElement('canvas');
    canvas.width = 800;
    canvas.height = 450;
    const g = canvas.getContext('2d');
    setInterval(() => {
      g.fillStyle = `hsl(${performance.now() / 10 % 360} 50% 50%)`;
      g.fillRect(0, 0, 800, 450);
    }, 50);
    return canvas.captureStream(20);
  };
  window.__copied = [];
  navigator.clipboard.writeText = (words) => Promise.resolve(void window.__copied.push(words));
}

/** Anna in a video call with Ben. @param {import('./stage.mjs').Stage} stage @param {import('./browsers.mjs').Kind} on @param {object} [options] */
export async function talking(stage, on, options = {}) {
  const anna = await stage.arrives('Anna', { on, ...options });
  const ben = await stage.arrives('Ben');
  await anna.page.evaluate(machine);
  await ben.seesFriend('Anna', text.people.online);
  await startCall(anna, ben, 'Ben');
  await meet([anna, 1], [ben, 2]);
  return { anna, ben };
}

/** @param {Person} p @param {string} name */
export const stageIs = (p, name) => p.page.evaluate((n) => document.querySelector('.stage')?.classList.contains(n) ?? false, name);
/** @param {Person} p */
export const stepsAside = (p) => until('the controls being gone', async () => await stageIs(p, 'bare') && p.page.evaluate(() => getComputedStyle(document.querySelector('.controls')).opacity === '0'), 12_000);
/** @param {Person} p */
export const corner = (p) => p.page.evaluate(() => document.querySelector('.self')?.className.match(/(end|start)-(end|start)/)?.[0]);
/** Where the middle of something is. @param {Person} p @param {string} selector */
export const middle = (p, selector) => p.page.evaluate((s) => {
  const { x, y, width, height } = document.querySelector(s).getBoundingClientRect();
  return { x: x + width / 2, y: y + height / 2 };
}, selector);
/** @param {Person} p */
export const focused = (p) => p.page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '');
/** @param {Person} p @param {string} label */
export const pressed = (p, label) => p.page.evaluate((l) => document.querySelector(`[aria-label="${l}"]`)?.getAttribute('aria-pressed'), label);
