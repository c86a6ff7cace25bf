// Every place of the client and every state it can be in, for whatever goes
// through all of them: the looks of everywhere.test.mjs, the photographs of
// pictures.mjs. The places are the router's own table.

import { Api, password } from './server.mjs';
import { load, sections, text } from './text.mjs';

/** @typedef {import('./person.mjs').Person} Person */
/** @typedef {import('./text.mjs').Text} Text */
/** @typedef {import('./stage.mjs').Stage} Stage */

/** Who plays, beside those of seed: Anna has everything, and is the friend of all others. */
export const crowd = ['Anna', 'Ben', 'Chi', 'Wilhelmina-Theodora', 'Emre', 'Farida', 'Gustav', 'Hana', 'Ines', 'Jonas'];

/**
 * seed gives Anna one of everything: somebody who asks, somebody asked,
 * somebody blocked, an open link, a friend with a long name; and Nina nothing at all.
 * @param {Stage} stage
 */
export async function seed(stage) {
  const anna = stage.api('Anna'), { origin } = stage.server;
  const nina = await new Api(origin, 'Nina').signUp(await stage.api('Ben').invite());
  await nina.call('DELETE', `/friends/${stage.api('Ben').account}`);
  const dora = await new Api(origin, 'Dora').signUp(await stage.api('Chi').invite());
  await dora.call('POST', '/friends/requests', { handle: anna.handle });
  await anna.call('POST', '/friends/requests', { handle: 'nobody.1234' });
  await anna.call('PUT', `/friends/${stage.api('Gustav').account}/block`);
  await anna.invite();
  return { nina };
}

/** An address that leads nowhere, which the router answers, too. */
const nowhere = { pattern: '*', route: 'missing', example: '/nowhere', open: true };

/** The router's table: its patterns, and which route each leads to. @type {readonly {pattern: string, route: string, example: string, open?: true}[]} */
export const patterns = [...(await load('state/router.ts')).routes, nowhere];

/** What the parameters of patterns can be. @type {Record<string, (stage: Stage) => readonly string[]>} */
const parameters = {
  ':account': (stage) => [stage.api('Ben').account],
  ':section': () => sections,
};

/** The addresses of a pattern: one for each that its parameters can be. @param {string} pattern @param {Stage} stage @returns {string[]} */
export function addresses(pattern, stage) {
  if (pattern === '*') return ['/nowhere'];
  const name = Object.keys(parameters).find((n) => pattern.includes(n));
  return name ? parameters[name](stage).flatMap((value) => addresses(pattern.replace(name, value), stage)) : [pattern];
}

/**
 * What is to be seen at each route once it is drawn: for Anna, who has
 * everything, and for Nina, who has nothing. A route that is not here fails
 * everywhere.test.mjs. `out` are those for whoever is not signed in.
 * @type {Record<string, {full: (t: Text) => (string | RegExp)[], empty?: (t: Text) => (string | RegExp)[], out?: true}>}
 */
export const recipes = {
  people: { full: () => ['Ben', 'Wilhelmina-Theodora'], empty: (t) => [t.people.emptyTitle] },
  friend: { full: () => ['Ben'], empty: () => [] },
  calls: { full: (t) => [t.app.calls] },
  add: { full: (t) => [t.people.addTitle] },
  settings: { full: (t) => [t.settings.title] },
  check: { full: (t) => [t.app.check] },
  login: { full: (t) => [t.login.title], out: true },
  invite: { full: (t) => [t.invite.noneTitle], out: true },
  components: { full: (t) => [t.app.name], out: true },
  missing: { full: (t) => [t.notFound.title] },
};

/** How the server can be made to answer. @typedef {'well' | 'error' | 'never' | 'dead' | 'mute'} Mood */

/**
 * answers makes the server answer otherwise: an error to everything but who
 * one is, or never; dead and mute are the same for who one is, too.
 * @param {Person} p @param {Mood} mood
 */
export async function answers(p, mood) {
  if (mood === 'well') return;
  p.expected.push(/.*/);
  await p.page.setBypassServiceWorker(true).catch(() => undefined); // Chromium alone knows it
  await p.page.setRequestInterception(true);
  p.page.on('request', (r) => {
    const { pathname } = new URL(r.url());
    const data = pathname.startsWith('/api/v1/') && (mood === 'dead' || mood === 'mute' || !/\/(me|server|signal)$/.test(pathname));
    if (!data) void r.continue().catch(() => undefined);
    else if (mood === 'error' || mood === 'dead') void r.respond({ status: 503, contentType: 'application/json', body: '{"error":{"code":"unavailable"}}' }).catch(() => undefined);
  });
}

/**
 * @typedef {object} Walk several states, one after the other, that need hands to get to
 * @property {string} name
 * @property {string} [who] Anna where not given; '' is nobody
 * @property {string} [path]
 * @property {Partial<import('./probe.mjs').Devices>} [devices]
 * @property {(p: Person, t: Text, stage: Stage, on: object) => AsyncGenerator<string, void>} steps stands still at each state, and says its name
 */

/** @type {Walk[]} */
export const walks = [
  {
    name: 'signing in',
    who: '',
    path: '/login',
    async *steps(p, t) {
      await p.writes(t.login.handle, 'nobody.1234');
      await p.writes(t.login.password, 'not a password');
      await p.presses(t.login.submit);
      await p.sees(t.errors.codes.bad_credentials);
      yield 'sign in, refused';
    },
  },
  {
    name: 'an invitation',
    who: '',
    path: '/nowhere',
    async *steps(p, t, stage) {
      await p.page.goto('about:blank');
      await p.open('/invite#AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA');
      await p.sees(t.invite.badTitle);
      yield 'an invitation that is no more';
      await p.page.goto('about:blank');
      await p.open(`/invite#${await stage.api('Ben').invite()}`);
      await p.sees(t.invite.from('Ben'));
      yield 'an invitation';
      await p.presses(t.invite.begin);
      await p.writes(t.invite.name, 'Dora');
      yield 'a name';
      await p.presses(t.invite.next);
      await p.writes(t.password.label, 'password1');
      await p.sees(t.password.scores[0]);
      yield 'a weak password';
      await p.writes(t.password.label, password);
      await p.sees(t.password.scores[4]);
      yield 'a good password';
      await p.presses(t.invite.create);
      await p.sees(t.invite.doneTitle('Dora'));
      yield 'welcome';
      await p.presses(t.invite.doneHome);
      await p.finds('button', t.people.videoCall('Ben'));
      yield 'people, one friend';
    },
  },
  {
    name: 'what asks before it does',
    async *steps(p, t) {
      await p.presses(t.people.more('Ben'));
      await p.finds('button', t.people.remove);
      yield 'a friend’s menu';
      await p.presses(t.people.remove);
      await p.sees(t.confirm.removeTitle('Ben'));
      yield 'remove?';
      await p.presses(t.app.cancel);
      await p.presses(t.people.add);
      await p.presses(t.people.makeLink);
      await p.finds('textbox', t.people.link);
      yield 'add a friend, a link made';
      await p.open('/settings/this-device');
      await p.presses(t.settings.signOut);
      await p.sees(t.confirm.signOutTitle);
      yield 'sign out?';
    },
  },
  {
    name: 'a device without camera',
    devices: { camera: 'NotAllowedError', microphone: 'NotAllowedError' },
    async *steps(p, t) {
      await p.presses(t.people.videoCall('Chi'));
      await p.sees(t.errors.codes.media_denied);
      yield 'camera and microphone refused';
    },
  },
  {
    name: 'a call',
    async *steps(p, t, stage, on) {
      const ben = await stage.arrives('Ben', on);
      await ben.seesFriend('Anna', text.people.online);
      await p.presses(t.people.videoCall('Ben'));
      await p.sees(t.call.states.ringing);
      yield 'ringing out';
      await ben.presses(text.call.decline);
      await p.sees(t.call.ended.declined.why('Ben'));
      yield 'declined';
      await p.presses(t.call.close);
      await ben.presses(text.people.videoCall('Anna'));
      await p.finds('button', t.call.accept);
      yield 'ringing in';
      await p.presses(t.call.accept);
      await p.watches(2);
      await ben.presses(text.call.mute);
      await p.sees(t.call.theyMuted('Ben'));
      yield 'in a call';
      await ben.presses(text.call.cameraOff);
      await p.sees(t.call.theirCameraOff('Ben'));
      yield 'in a call without a picture';
      await ben.presses(text.call.hangUp);
      await p.sees(t.call.ended.hangup.title);
      yield 'the end of a call';
    },
  },
];

/**
 * goes leads to another address of the page without loading it anew, as a link
 * would: a call goes on meanwhile.
 * @param {Person} p @param {string} path
 */
export async function goes(p, path) {
  await p.page.evaluate((to) => {
    history.pushState(null, '', to);
    dispatchEvent(new PopStateEvent('popstate'));
  }, path);
}

