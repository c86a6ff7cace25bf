// What most tests need before they begin: the program, browsers, and friends
// who are signed up. close ends all of it, in the opposite order.

import { launch } from './browsers.mjs';
import { Person } from './person.mjs';
import { Api, startServer } from './server.mjs';
import { text } from './text.mjs';

/**
 * @typedef {object} Setting
 * @property {string[]} names who plays; in each test they are new accounts, and friends of the first
 * @property {import('./browsers.mjs').Kind[]} [browsers] Chromium alone where not given
 * @property {Parameters<typeof startServer>[0]} [server]
 * @property {Parameters<typeof launch>[1]} [launch]
 */

/** @param {Setting} setting */
export async function setStage(setting) {
  const server = await startServer(setting.server);
  /** @type {Partial<Record<import('./browsers.mjs').Kind, Awaited<ReturnType<typeof launch>>>>} */
  const browsers = {};
  /** @type {Person[]} */
  const here = [];
  /** @type {Api[]} */
  let cast = [];
  const close = async () => {
    for (const b of Object.values(browsers)) await b.close();
    await server.stop();
  };
  try {
    const owner = await new Api(server.origin, ownerName).signUp(await server.ownerInvite());
    for (const kind of setting.browsers ?? /** @type {const} */ (['chromium'])) browsers[kind] = await launch(kind, setting.launch);
    /** The account of a name. @param {string} name */
    const api = (name) => {
      const found = cast.find((a) => a.name === name);
      if (!found) throw new Error(`nobody is called ${name}`);
      return found;
    };
    return {
      server,
      api,
      close,
      /** The browsers' versions by kind. */
      versions: Object.fromEntries(Object.entries(browsers).map(([k, b]) => [k, b.version])),
      /** New accounts for everybody: nothing of an earlier test is left. */
      enter: async () => {
        const first = await new Api(server.origin, setting.names[0]).signUp(await owner.invite());
        cast = [first];
        for (const name of setting.names.slice(1)) cast.push(await new Api(server.origin, name).signUp(await first.invite()));
      },
      /** Makes two friends who are not yet. @param {string} a @param {string} b */
      befriend: async (a, b) => { await api(a).call('POST', '/invites/redeem', { token: await api(b).invite() }); },
      /**
       * Opens a window for a name; its side is its place in the list, from 1.
       * @param {string} name
       * @param {Partial<Parameters<typeof Person.arrive>[2]> & {on?: import('./browsers.mjs').Kind, origin?: string, camera?: string, microphone?: string}} [options]
       */
      arrives: async (name, options = {}) => {
        const account = api(name);
        const side = cast.indexOf(account) + 1;
        const { on = 'chromium', origin = server.origin, camera, microphone, ...rest } = options;
        const at = browsers[on];
        if (!at) throw new Error(`${on} was not launched`);
        const person = await Person.arrive(at.browser, origin, { api: account, ...rest, devices: { side, camera, microphone, ...rest.devices } });
        here.push(person);
        return person;
      },
      /** Everybody leaves; fails where a page made errors. */
      leave: async () => {
        const results = await Promise.allSettled(here.splice(0).map((p) => p.leaves()));
        for (const r of results) if (r.status === 'rejected') throw r.reason;
      },
    };
  } catch (err) {
    await close();
    throw err;
  }
}

/** Who owns the server, and is everybody's first friend; never here. */
export const ownerName = 'Olga';

/** @typedef {Awaited<ReturnType<typeof setStage>>} Stage */

/**
 * startCall has caller call callee by the friend's button, as soon as the list
 * says that they are here, and callee accept.
 * @param {Person} caller @param {Person} callee @param {string} calleeName
 */
export async function startCall(caller, callee, calleeName) {
  await caller.seesFriend(calleeName, text.people.online);
  await caller.presses(text.people.videoCall(calleeName));
  await callee.presses(text.call.accept).catch(async (err) => {
    throw new Error(`${err.message}\nthe caller’s page says: ${await caller.reads()}`);
  });
}

/**
 * meet waits until both see and hear each other.
 * @param {[Person, number]} a a person and their side @param {[Person, number]} b
 */
export async function meet([a, sideA], [b, sideB]) {
  await Promise.all([a.watches(sideB), b.watches(sideA), a.hears(sideB), b.hears(sideA)]);
}
