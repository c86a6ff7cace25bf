// Every place of the client and every state it can be in, for whatever goes
// through all of them: the looks of everywhere.test.mjs, the photographs of
// pictures.mjs. The places are the router's own table.

import { machine } from './on-stage.mjs';
import { Api, password } from './server.mjs';
import { load, sections, text } from './text.mjs';
import { until } from './wait.mjs';

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

const outcomes = [['Ben', 'talked', 754, true], ['Chi', 'missed', 0, false], ['Ben', 'talked', 61, false], ['Wilhelmina-Theodora', 'unanswered', 0, true], ['Ben', 'missed', 0, true], ['Emre', 'declined', 0, false],
  ['Ben', 'failed', 0, true], ['Jonas', 'busy', 0, false], ['Chi', 'cancelled', 0, true], ['Ben', 'talked', 3725, true], ['Ines', 'elsewhere', 0, false]];

/**
 * past is what Anna's browser remembers of earlier calls, as local storage holds it.
 * @param {Stage} stage
 */
export function past(stage) {
  const hours = [0.2, 3, 5, 9, 27, 30, 52, 75, 100, 171, 800];
  const calls = outcomes.map(([name, outcome, seconds, video], i) => ({
    id: `past-${i}`, peer: stage.api(/** @type {string} */ (name)).account, name, incoming: outcome === 'missed' || outcome === 'elsewhere' || i % 2 === 0, video, at: Date.now() - hours[i] * 3_600_000, seconds, outcome,
  }));
  return { 'ringfence.history': JSON.stringify({ account: stage.api('Anna').account, since: 0, calls }) };
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
  friend: { full: (t) => ['Ben', t.history.what.talkedIn.video], empty: (t) => [t.people.strangerTitle] },
  calls: { full: (t) => [t.history.title, t.history.what.missed.voice], empty: (t) => [t.history.none] },
  add: { full: (t) => [t.people.addTitle] },
  settings: { full: (t) => [t.settings.title] },
  check: { full: (t) => [t.devices.intro] },
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
  if (!/firefox/i.test(await p.page.browser().version())) await p.page.setBypassServiceWorker(true); // Firefox’s driver doesn’t know it
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
    name: 'friends',
    async *steps(p, t, stage) {
      await p.writes(t.people.search, 'zzz');
      await p.sees(t.people.notFoundTitle('zzz'));
      yield 'nobody found';
      await goes(p, `/people/${stage.api('Ben').account}`);
      await p.finds('heading', 'Ben');
      // On a wide window it stands beside; where a look has made the window narrow it has closed.
      const opens = () => until('all about Ben', async () => {
        if (await p.look('button', t.people.remove)) return true;
        await (await p.look('button', t.people.more('Ben')))?.click().catch(() => undefined); // the window may have just become wide
        return false;
      });
      await opens();
      yield 'about a friend';
      await opens();
      await p.presses(t.people.remove);
      await p.sees(t.confirm.removeTitle('Ben'));
      yield 'remove?';
      if (await p.look('button', t.app.cancel)) await p.presses(t.app.cancel); // a narrower window has closed it
      await goes(p, `/people/${stage.api('Gustav').account}`);
      await p.sees(t.people.blockedTitle('Gustav'));
      yield 'somebody blocked';
      await goes(p, '/people/00000000000000000000000000');
      await p.sees(t.people.strangerTitle);
      yield 'a stranger';
      await goes(p, '/add');
      await p.presses(t.people.makeLink);
      await p.finds('textbox', t.people.link);
      await p.writes(t.people.handle, 'nobody.1234');
      await p.presses(t.people.ask);
      await p.sees(t.people.asked('nobody.1234'));
      yield 'add a friend, a link made, somebody asked';
      await goes(p, '/settings/this-device');
      await p.presses(t.settings.signOut);
      await p.sees(t.confirm.signOutTitle);
      yield 'sign out?';
    },
  },
  {
    name: 'a look at oneself',
    path: '/check',
    async *steps(p, t) {
      await p.presses(t.devices.on);
      await p.watches(1);
      await p.sees(t.devices.heard);
      yield 'camera and microphone on';
    },
  },
  {
    name: 'a device without camera',
    devices: { camera: 'NotAllowedError', microphone: 'NotAllowedError' },
    async *steps(p, t) {
      await p.presses(t.people.videoCall('Chi'));
      await p.sees(t.errors.codes.media_denied);
      yield 'camera and microphone refused';
      await p.page.keyboard.press('Escape');
      await p.page.keyboard.press('Escape');
      await p.open('/check');
      await p.presses(t.devices.on);
      await p.sees(t.errors.codes.media_denied);
      yield 'a look at oneself, refused';
    },
  },
  {
    name: 'ringing',
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
      await ben.presses(text.people.call('Anna'));
      await p.finds('button', t.call.accept);
      yield 'a voice call rings';
      await ben.presses(text.call.cancel);
      await p.sees(t.stage.missed('Ben'));
      yield 'missed';
      await p.presses(t.call.close);
      await p.presses(t.people.videoCall('Chi'));
      await p.sees(t.call.ended.offline.why('Chi'), 20_000);
      yield 'not here';
    },
  },
  {
    name: 'a call',
    async *steps(p, t, stage, on) {
      const ben = await stage.arrives('Ben', on);
      await p.page.evaluate(machine);
      await ben.seesFriend('Anna', text.people.online);
      await ben.presses(text.people.videoCall('Anna'));
      await p.finds('button', t.call.accept);
      yield 'ringing in';
      await p.presses(t.call.accept);
      await p.watches(2);
      await p.stirs();
      yield 'in a call';
      await ben.presses(text.call.mute);
      await p.sees(t.call.theyMuted('Ben'));
      await ben.presses(text.stage.camera);
      await p.sees(t.call.theirCameraOff('Ben'));
      await p.presses(t.call.mute);
      yield 'in a call without a picture, both muted';
      await p.presses(t.stage.more);
      await p.finds('button', t.stage.details);
      yield 'more';
      await p.presses(t.stage.details);
      await p.sees(t.stage.detail.encrypted);
      yield 'about this connection';
      await p.presses(t.stage.back);
      await p.presses(new RegExp(`^${t.stage.microphone}`));
      await p.sees('Built-in');
      yield 'which microphone';
      await p.page.keyboard.press('Escape');
      await p.presses(t.stage.share);
      await p.sees(t.stage.sharing);
      yield 'sharing the screen';
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

