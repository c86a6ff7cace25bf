// Every screen, looked over: at 360 px in a language two fifths longer than
// English, nothing is wider than its place and no word is missing from the
// catalogue; axe finds nothing, there in dark colours and in English on a desktop in light ones.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { accessible, fits, translated } from './lib/inspect.mjs';
import { Api, password } from './lib/server.mjs';
import { setStage } from './lib/stage.mjs';
import { pseudo, sections, text } from './lib/text.mjs';

/** @type {import('./lib/stage.mjs').Stage} */
let stage;
const long = 'Wilhelmina-Theodora';
before(async () => {
  stage = await setStage({ names: ['Anna', 'Ben', 'Chi', long] });
});
beforeEach(async () => {
  await stage.enter();
  // A stranger who asks, one who is asked, somebody blocked, an open link, a missed call.
  const asker = await new Api(stage.server.origin, 'Dora').signUp(await stage.api('Chi').invite());
  await asker.call('POST', '/friends/requests', { handle: stage.api('Anna').handle });
  await stage.api('Anna').call('POST', '/friends/requests', { handle: 'nobody.1234' });
  await stage.api('Anna').call('PUT', `/friends/${stage.api(long).account}/block`);
  await stage.api('Anna').invite();
});
afterEach(() => stage?.leave());
after(() => stage?.close());

const phone = { width: 360, height: 740 };
const own = [
  /Olga|Anna|Ben|Chi|Dora|Wilhelmina-Theodora/, /\w[\w-]*\.\d{4}/, /https?:\/\/\S+/, /v?\d+\.\d+\S*|devel|unknown/,
];

/** @typedef {{name: string, t: typeof text, looks: (p: import('./lib/person.mjs').Person, where: string) => Promise<void>, options: object}} Way */

/** @type {Way[]} */
const ways = [
  {
    name: 'pseudo-language on a phone, dark',
    t: pseudo,
    options: { size: phone, dark: true, local: { 'ringfence.lang': 'pseudo' } },
    looks: async (p, where) => {
      await fits(p, where);
      await translated(p, where, own);
      await accessible(p, where);
    },
  },
  { name: 'English on a desktop', t: text, options: {}, looks: accessible },
];

for (const { name, t, looks, options } of ways) {
  test(`before one is in: ${name}`, async () => {
    const p = await stage.arrives('Chi', { ...options, api: undefined, path: '/login' });
    p.expected.push(/\b(401|404)\b/);
    await p.finds('button', t.login.submit);
    await looks(p, 'sign in');
    await p.writes(t.login.handle, 'nobody.1234');
    await p.writes(t.login.password, 'not a password');
    await p.presses(t.login.submit);
    await p.sees(t.errors.codes.bad_credentials);
    await looks(p, 'sign in, refused');
    await p.open('/invite');
    await p.sees(t.invite.noneTitle);
    await looks(p, 'no invitation');
    await p.open('/nowhere');
    await p.sees(t.notFound.title);
    await looks(p, 'nothing here');
    await p.page.goto('about:blank');
    await p.open(`/invite#${await stage.api('Ben').invite()}`);
    await p.sees(t.invite.from('Ben'));
    await looks(p, 'an invitation');
    await p.presses(t.invite.begin);
    await p.writes(t.invite.name, 'Dora');
    await looks(p, 'a name');
    await p.presses(t.invite.next);
    await p.writes(t.password.label, 'password1');
    await p.sees(t.password.scores[0]);
    await looks(p, 'a weak password');
    await p.writes(t.password.label, password);
    await p.presses(t.invite.create);
    await p.sees(t.invite.doneTitle('Dora'));
    await looks(p, 'welcome');
    await p.presses(t.invite.doneHome);
    await p.finds('button', t.people.videoCall('Ben'));
    await looks(p, 'people, one friend');
  });

  test(`people and settings: ${name}`, async () => {
    const p = await stage.arrives('Anna', options);
    await p.finds('button', t.people.videoCall('Ben'));
    await looks(p, 'people');
    await p.open(`/people/${stage.api('Ben').account}`);
    await p.finds('heading', 'Ben');
    await looks(p, 'a friend');
    if (options !== undefined && 'size' in options) await p.presses(t.people.more('Ben')); // elsewhere it stands beside
    await p.finds('button', t.people.remove);
    await looks(p, 'about a friend');
    await p.presses(t.people.remove);
    await p.sees(t.confirm.removeTitle('Ben'));
    await looks(p, 'remove?');
    await p.presses(t.app.cancel);
    await p.open('/calls');
    await p.finds('heading', t.history.title);
    await looks(p, 'calls');
    await p.open('/add');
    await p.presses(t.people.makeLink);
    await p.finds('textbox', t.people.link);
    await looks(p, 'add a friend');
    await p.open('/settings');
    await p.finds('heading', t.settings.title);
    await looks(p, 'settings');
    for (const section of sections) {
      await p.open(`/settings/${section}`);
      await p.page.waitForSelector('.settings-pane h1');
      await looks(p, `settings: ${section}`);
    }
    await p.finds('button', t.settings.signOut);
    await p.presses(t.settings.signOut);
    await p.sees(t.confirm.signOutTitle);
    await looks(p, 'sign out?');
  });

  test(`a call: ${name}`, async () => {
    const p = await stage.arrives('Anna', options);
    const ben = await stage.arrives('Ben');
    await ben.seesFriend('Anna', text.people.online);
    await p.presses(t.people.videoCall('Ben'));
    await p.sees(t.call.states.ringing);
    await looks(p, 'ringing out');
    await ben.presses(text.call.decline);
    await p.sees(t.call.ended.declined.why('Ben'));
    await looks(p, 'declined');
    await p.presses(t.call.close);
    await ben.presses(text.people.videoCall('Anna'));
    await p.finds('button', t.call.accept);
    await looks(p, 'ringing in');
    await p.presses(t.call.accept);
    await p.watches(2);
    await ben.presses(text.call.mute);
    await p.sees(t.call.theyMuted('Ben'));
    await p.page.mouse.move(100, 100);
    await looks(p, 'in a call');
    await ben.presses(text.stage.camera);
    await p.sees(t.call.theirCameraOff('Ben'));
    await looks(p, 'in a call without a picture');
    await ben.presses(text.call.hangUp);
    await p.sees(t.call.ended.hangup.title);
    await looks(p, 'the end of a call');
  });

  test(`camera and microphone refused: ${name}`, async () => {
    const p = await stage.arrives('Anna', { ...options, camera: 'NotAllowedError', microphone: 'NotAllowedError' });
    await p.presses(t.people.videoCall('Ben'));
    await p.sees(t.errors.codes.media_denied);
    await looks(p, 'permission refused');
  });
}

test('each of these looks finds what it is for', async () => {
  const p = await stage.arrives('Ben', ways[0].options);
  await p.finds('button', pseudo.people.videoCall('Anna'));
  await ways[0].looks(p, 'people');
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
  await spoilt('button', { type: 'button' }, '');
  await assert.rejects(accessible(p, 'spoilt'), /button-name/);
  await spoilt('p', {}, '⟦Donaudampfschifffahrtsgesellschaftskapitänswitwenrentenauszahlungsstelle⟧'.repeat(3));
  await p.page.evaluate(() => { /** @type {HTMLElement} */ (document.querySelector('[data-spoilt]')).style.overflowWrap = 'normal'; });
  await assert.rejects(fits(p, 'spoilt'), /wider than its place/);
});
