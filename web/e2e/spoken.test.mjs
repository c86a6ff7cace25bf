// What a screen reader gets of a call, in both browsers: names and roles as each
// browser itself tells them, and each state said once.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setStage } from './lib/stage.mjs';
import { text } from './lib/text.mjs';
import { until } from './lib/wait.mjs';

/** @typedef {import('./lib/person.mjs').Person} Person */

/** @type {import('./lib/stage.mjs').Stage} */
let stage;
const kinds = /** @type {const} */ (['chromium', 'firefox']);
before(async () => { stage = await setStage({ names: ['Anna', 'Ben'], browsers: [...kinds] }); });
beforeEach(() => stage.enter());
afterEach(() => stage?.leave());
after(() => stage?.close());

/** Runs in the page: writes down what each live region says, as a screen reader would read it. */
function listens() {
  /** @type {{at: number, words: string}[]} */
  const said = [];
  /** @type {WeakMap<Element, string>} */
  const last = new WeakMap();
  const regions = '[role=status], [role=alert], [aria-live=polite], [aria-live=assertive]';
  const look = () => {
    for (const e of document.querySelectorAll(regions)) {
      if (!e.checkVisibility({ visibilityProperty: true }) || e.closest('[inert], [aria-hidden=true]')) continue;
      const words = (e.textContent ?? '').replace(/\s+/g, ' ').trim();
      if (words === (last.get(e) ?? '')) continue;
      last.set(e, words);
      if (words !== '') said.push({ at: performance.now(), words });
    }
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
  window.__said = said;
}

/** How many live regions say words now. @param {Person} p @param {string} words */
const sayers = (p, words) => p.page.evaluate((x) => [...document.querySelectorAll('[role=status], [role=alert], [aria-live=polite], [aria-live=assertive]')]
  .filter((e) => e.checkVisibility({ visibilityProperty: true }) && e.textContent?.includes(x)).length, words);

/**
 * What a browser tells assistive programs of its page, now.
 * @typedef {object} Told
 * @property {(role: string, name?: string) => Promise<boolean>} has
 * @property {() => Promise<string[]>} nameless what can be operated, and has no name
 * @property {(name: string) => Promise<string | undefined>} pressed whether a button is
 */

/** @param {Person} p @returns {Told} */
function toldByChromium(p) {
  const tree = async () => {
    const session = await p.page.createCDPSession();
    const { nodes } = await session.send('Accessibility.getFullAXTree');
    await session.detach();
    return nodes.filter((n) => !n.ignored).map((n) => ({
      role: String(n.role?.value), name: String(n.name?.value ?? ''), focusable: n.properties?.some((x) => x.name === 'focusable' && x.value.value === true) ?? false,
      pressed: n.properties?.find((x) => x.name === 'pressed')?.value.value,
    }));
  };
  const roles = { video: 'Video' };
  return {
    has: async (role, name) => (await tree()).some((n) => n.role === (roles[role] ?? role) && (name === undefined || n.name === name)),
    nameless: async () => (await tree()).filter((n) => n.focusable && n.name === '' && !/RootWebArea|dialog|main|generic|document/.test(n.role)).map((n) => n.role),
    pressed: async (name) => (await tree()).find((n) => n.role === 'button' && n.name === name)?.pressed,
  };
}

/** Firefox is asked for elements by the role and name that it gives them itself. @param {Person} p @returns {Told} */
function toldByFirefox(p) {
  const roles = { video: 'group' };
  const all = (/** @type {string} */ role, name = '') => p.page.$$(`aria/${name}[role="${roles[role] ?? role}"]`);
  const operable = ['button', 'link', 'textbox', 'checkbox', 'slider', 'group']; // each costs half a second;
  return {
    has: async (role, name) => (await all(role, name)).length > 0,
    nameless: async () => {
      const found = [];
      for (const role of operable) {
        for (const e of await all(role)) {
          const name = await e.evaluate((x) => (x.getAttribute('aria-label') || x.textContent || x.getAttribute('title') || '').trim());
          if (name === '') found.push(role);
        }
      }
      return found;
    },
    pressed: async (name) => (await all('button', name))[0]?.evaluate((e) => e.getAttribute('aria-pressed') ?? undefined),
  };
}

for (const on of kinds) {
  test(`each state of a call is said once, and nothing chatters: ${on}`, async () => {
    const p = await stage.arrives('Anna', { on, before: async (x) => { await x.page.evaluateOnNewDocument(listens); } });
    const ben = await stage.arrives('Ben');
    await ben.seesFriend('Anna', text.people.online);
    const said = () => p.page.evaluate(() => window.__said.map((/** @type {{words: string}} */ x) => x.words));
    const times = (/** @type {string[]} */ all, /** @type {string} */ words) => all.filter((x) => x.includes(words)).length;
    await p.presses(text.people.videoCall('Ben'));
    await p.sees(text.call.states.ringing);
    await ben.presses(text.call.accept);
    await p.watches(2);
    await until('“connected” being said', async () => times(await said(), text.call.states.connected) > 0);
    const before = (await said()).length;
    await until('a call of some seconds', async () => /0:0[4-9]/.test(await p.reads()));
    assert.deepEqual((await said()).slice(before), [], 'the clock, or something else, is read aloud all the time');
    await ben.presses(text.call.mute);
    await until('the mute being said', async () => times(await said(), text.call.theyMuted('Ben')) > 0);
    await ben.presses(text.call.hangUp);
    await p.sees(text.call.ended.hangup.title);
    await until('the end being said', async () => times(await said(), text.call.ended.hangup.title) > 0);
    const all = await said();
    assert.deepEqual(all.filter((x, i) => all.indexOf(x) !== i), [], 'said more than once');
    for (const words of [text.call.states.ringing, text.call.states.connected, text.call.theyMuted('Ben'), text.call.ended.hangup.title]) {
      assert.equal(times(all, words), 1, `“${words}” in ${JSON.stringify(all)}`);
    }
  });

  test(`what it tells of a call: ${on}`, async () => {
    const p = await stage.arrives('Anna', { on });
    const ben = await stage.arrives('Ben');
    const told = on === 'chromium' ? toldByChromium(p) : toldByFirefox(p);
    const tells = (/** @type {string} */ role, /** @type {string} */ name) => until(`${role} “${name}” being told`, () => told.has(role, name));
    await ben.seesFriend('Anna', text.people.online);
    await tells('link', text.people.add);
    await ben.presses(text.people.videoCall('Anna'));
    await p.finds('button', text.call.accept);
    await tells('dialog', text.call.videoWith('Ben'));
    await tells('heading', 'Ben');
    await tells('button', text.call.accept);
    await tells('button', text.call.decline);
    assert.deepEqual(await told.nameless(), []);
    assert.equal(await sayers(p, text.call.states.incomingVideo), 1);
    assert.equal(await told.has('link'), false, 'what lies under the call is still told of');

    await p.presses(text.call.accept);
    await p.watches(2);
    await p.stirs();
    await tells('dialog', text.call.videoWith('Ben'));
    await tells('group', text.call.controls);
    await tells('heading', 'Ben');
    await tells('button', text.call.hangUp);
    await tells('button', text.stage.more);
    await tells('video', text.call.theirPicture('Ben'));
    assert.ok(await told.has('status'), 'no live region');
    assert.deepEqual(await told.nameless(), []);
    assert.equal(await told.pressed(text.call.mute), 'false');
    await p.presses(text.call.mute);
    await until('the mute being told', async () => await told.pressed(text.call.mute) === 'true');
    assert.equal(await sayers(p, text.call.states.connected), 1);

    await p.presses(text.call.hangUp);
    await p.finds('button', text.call.close);
    await tells('dialog', text.call.videoWith('Ben'));
    await tells('heading', text.call.ended.hangup.title);
    await tells('button', text.call.again);
    await tells('button', text.call.close);
    assert.deepEqual(await told.nameless(), []);
    assert.equal(await sayers(p, text.call.ended.hangup.title), 1);
    for (const name of [text.call.hangUp, text.call.mute]) assert.equal(await told.has('button', name), false, 'what is over is still told of');
  });
}
