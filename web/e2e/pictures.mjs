// Takes pictures of every screen for docs/pictures: in Chromium and in Firefox,
// light and dark, on a phone and on a desktop, with drawn people before drawn
// cameras. Run by `make pictures` after the screens have changed; a name given
// to it (node e2e/run.mjs pictures.mjs, RINGFENCE_PICTURES=folder) goes elsewhere.

import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { drawPerson } from './lib/scene.mjs';
import { password } from './lib/server.mjs';
import { setStage } from './lib/stage.mjs';
import { text } from './lib/text.mjs';
import { until } from './lib/wait.mjs';

/** @typedef {import('./lib/person.mjs').Person} Person */

const folder = process.env.RINGFENCE_PICTURES ?? fileURLToPath(new URL('../../docs/pictures/', import.meta.url));
const kinds = /** @type {const} */ (['chromium', 'firefox']);
const themes = /** @type {const} */ (['light', 'dark']);
const sizes = {
  desktop: { width: 1280, height: 800 },
  phone: { width: 390, height: 844 },
};
const friends = ['Ben', 'Chidi', 'Dora', 'Emil', 'Farida', 'Gwen', 'Hugo'];

/** What Anna's browser remembers of her calls. @param {import('./lib/stage.mjs').Stage} stage */
function calls(stage) {
  const hour = 3_600_000;
  const list = [
    ['Ben', 1, true, true, 754, 'talked'], ['Dora', 3, true, false, 0, 'missed'], ['Ben', 22, false, true, 2_410, 'talked'],
    ['Farida', 26, false, false, 0, 'unanswered'], ['Emil', 30, true, true, 318, 'talked'], ['Ben', 75, true, false, 0, 'missed'],
  ].map(([name, ago, incoming, video, seconds, outcome], i) => ({
    id: `past${i}`, peer: stage.api(String(name)).account, name, incoming, video, at: Date.now() - Number(ago) * hour, seconds, outcome,
  }));
  return JSON.stringify({ account: stage.api('Anna').account, since: 0, calls: list });
}

const stage = await setStage({ names: ['Anna', ...friends], browsers: [...kinds] });
await stage.enter();
const painter = await stage.arrives('Ben', { api: undefined, path: '/login' });
painter.expected.push(/401/);
await mkdir(folder, { recursive: true });

/** A browser's own picture is PNG: it is written as WebP, which is a fifth of it. @param {string} png in base64 */
async function packed(png) {
  const made = await painter.page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    canvas.getContext('2d').drawImage(bitmap, 0, 0);
    const out = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/webp', quality: 0.82 })).arrayBuffer());
    return btoa(Array.from(out, (b) => String.fromCharCode(b)).join(''));
  }, png);
  return Buffer.from(made, 'base64');
}

try {
  for (const kind of kinds) {
    for (const [place, size] of Object.entries(sizes)) {
      for (const theme of themes) await round(kind, place, size, theme);
    }
  }
} finally {
  await stage.leave();
  await stage.close();
}

/**
 * One browser, one size, one theme: every screen in the order a person meets it.
 * @param {typeof kinds[number]} on @param {string} place @param {{width: number, height: number}} size @param {typeof themes[number]} theme
 */
async function round(on, place, size, theme) {
  const local = { 'ringfence.theme': theme };
  /** @param {Person} p @param {string} name */
  const takes = async (p, name) => {
    await p.page.evaluate(() => Promise.all([document.fonts.ready, ...document.getAnimations().filter((a) => a.effect?.getTiming().iterations !== Infinity).map((a) => a.finished.catch(() => undefined))]));
    const png = await p.page.screenshot({ encoding: 'base64' });
    await writeFile(`${folder}/${name}-${place}-${theme}${on === 'chromium' ? '' : '-firefox'}.webp`, await packed(png));
  };
  await stage.enter();
  const portrait = place === 'phone';
  const camera = portrait ? { width: 720, height: 1280 } : { width: 1280, height: 800 };

  const guest = await stage.arrives('Hugo', { on, api: undefined, local, size, path: `/invite#${await stage.api('Anna').invite()}` });
  guest.expected.push(/401/);
  await guest.sees(text.invite.from('Anna'));
  await takes(guest, 'invitation');
  await guest.presses(text.invite.begin);
  await guest.writes(text.invite.name, 'Ida');
  await guest.presses(text.invite.next);
  await guest.writes(text.password.label, password);
  await guest.sees(text.password.scores[4]);
  await takes(guest, 'password');
  await guest.presses(text.invite.create);
  await guest.sees(text.invite.doneTitle('Ida'));
  await takes(guest, 'welcome');
  await guest.leaves();

  const ben = await stage.arrives('Ben', { devices: { side: 2, ...camera }, size });
  await ben.page.evaluate(drawPerson, 'ben');
  for (const name of ['Dora', 'Emil']) await stage.arrives(name);
  const anna = await stage.arrives('Anna', { on, local: { ...local, 'ringfence.history': calls(stage) }, size, devices: { side: 1, ...camera } });
  await anna.page.evaluate(drawPerson, 'anna');
  await anna.seesFriend('Ben', text.people.online);
  await anna.seesFriend('Emil', text.people.online);
  await takes(anna, 'people');
  await anna.goesTo('Ben');
  await takes(anna, 'friend');
  /** Goes elsewhere without loading the page anew: what is drawn stays drawn. @param {string} path */
  const goes = (path) => anna.page.evaluate((to) => {
    history.pushState(null, '', to);
    dispatchEvent(new PopStateEvent('popstate'));
  }, path);
  await goes('/calls');
  await anna.finds('heading', text.history.title);
  await takes(anna, 'calls');
  await goes('/add');
  await anna.presses(text.people.makeLink);
  await anna.finds('textbox', text.people.link);
  await takes(anna, 'add-a-friend');
  await goes('/settings/look');
  await anna.finds('heading', text.settings.look);
  await takes(anna, 'settings');
  await goes('/check');
  await anna.presses(text.devices.on);
  await anna.finds('button', text.devices.off);
  await until('a picture', () => anna.page.evaluate(() => [...document.querySelectorAll('video')].some((v) => v.videoWidth > 0 && v.currentTime > 0.5)));
  await takes(anna, 'check');
  await goes(`/people/${stage.api('Ben').account}`);
  await anna.finds('heading', 'Ben');

  await ben.goesTo('Anna');
  await ben.presses(text.people.videoCall('Anna'));
  await anna.finds('button', text.call.accept);
  await takes(anna, 'ringing');
  await anna.presses(text.call.accept);
  await anna.sees(text.call.direct);
  const wide = () => anna.page.evaluate((want) => (document.querySelector('#remote-video')?.videoWidth ?? 0) >= want, camera.width * 0.7);
  await until('a sharp picture', wide, 45_000);
  await until('a call that has lasted', async () => /0:[1-5]\d/.test(await anna.reads()), 30_000);
  await anna.stirs();
  await anna.finds('button', text.call.hangUp);
  await takes(anna, 'call');
  await anna.presses(text.stage.more);
  await anna.finds('heading', text.stage.more);
  await takes(anna, 'call-more');
  await anna.page.keyboard.press('Escape');
  await ben.presses(text.call.hangUp);
  await anna.sees(text.call.ended.hangup.title);
  await takes(anna, 'call-ended');
  await anna.presses(text.call.close);
  await Promise.all([anna.leaves(), ben.leaves()]);
}
