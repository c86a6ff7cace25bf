// A new version of the program: offered, never forced, and never half of it.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { meet, setStage } from './lib/stage.mjs';
import { cut, kept, presses, tabOf } from './lib/tabs.mjs';
import { text } from './lib/text.mjs';
import { versions } from './lib/versions.mjs';
import { until } from './lib/wait.mjs';

/** @type {import('./lib/stage.mjs').Stage} */
let stage;
before(async () => {
  stage = await setStage({ names: ['Anna', 'Ben'], browsers: ['chromium', 'firefox'] });
});
beforeEach(() => stage.enter());
afterEach(() => stage?.leave());
after(() => stage?.close());

const kinds = /** @type {const} */ (['chromium', 'firefox']);
/** @typedef {import('./lib/person.mjs').Person} Person */

/** Arrives through a server that can be updated, as a tab that a worker keeps. @param {import('node:test').TestContext} t @param {'chromium' | 'firefox'} on */
async function behind(t, on) {
  const front = await versions(stage.server.ports.http);
  t.after(() => front.close());
  const ben = await stage.arrives('Ben', { on, origin: front.origin });
  ben.expected.push(...cut);
  await kept(ben);
  await ben.open('/');
  await ben.sees('Anna');
  return { front, ben };
}

/** Which version's page a tab shows. @param {Person} tab */
const version = (tab) => tab.page.evaluate(() => Number(document.querySelector('meta[name=version]')?.getAttribute('content') ?? 1));

/** How often a tab was loaded since it began to count. @param {Person} tab @returns {Promise<number>} */
const loads = (tab) => tab.page.evaluate(() => Number(sessionStorage.getItem('test.loads')));
/** @param {Person} tab */
const counts = (tab) => tab.page.evaluateOnNewDocument(() => {
  try {
    sessionStorage.setItem('test.loads', String(Number(sessionStorage.getItem('test.loads')) + 1));
  } catch { /* about:blank has none */ }
});

for (const kind of kinds) {
  test(`a new version is offered in every tab and taken by all at once in ${kind}`, async (t) => {
    const { front, ben } = await behind(t, kind);
    const two = await tabOf(ben, 2);
    const three = await tabOf(ben, 2);
    const tabs = [ben, two, three];
    await Promise.all(tabs.map(counts));
    front.update();
    await Promise.all(tabs.map((tab) => tab.sees(text.attention.updateReady, 20_000)));
    assert.deepEqual(await Promise.all(tabs.map(version)), [1, 1, 1], 'nobody is interrupted');
    await two.open('/');
    assert.equal(await version(two), 1, 'a page that is loaded meanwhile is whole');
    const before = await Promise.all(tabs.map(loads));
    await presses(ben, text.attention.updateNow);
    await until('every tab being the new version', async () => (await Promise.all(tabs.map(version))).join() === '2,2,2', 20_000);
    await ben.finds('heading', /.+/);
    assert.deepEqual((await Promise.all(tabs.map(loads))).map((n, i) => n - before[i]), [1, 1, 1], 'each tab loads once');
    await until('the old version being gone', async () => (await ben.page.evaluate(() => caches.keys())).length === 1);
  });

  test(`a call is not interrupted by a new version in ${kind}`, async (t) => {
    const { front, ben } = await behind(t, kind);
    const two = await tabOf(ben, 2);
    const anna = await stage.arrives('Anna', { on: kind });
    await presses(anna, text.people.videoCall('Ben'));
    await presses(ben, text.call.accept);
    await meet([anna, 1], [ben, 2]);
    front.update();
    await two.sees(text.attention.updateReady, 20_000);
    assert.ok(!(await ben.reads()).includes(text.attention.updateReady), 'not in a call');
    await presses(two, text.attention.updateNow);
    await two.sees(text.attention.updateWaits);
    await meet([anna, 1], [ben, 2]);
    assert.equal(await version(ben), 1);
    await presses(anna, text.call.hangUp);
    await until('both tabs being the new version after the call', async () => (await Promise.all([ben, two].map(version))).join() === '2,2', 20_000);
  });

  test(`a server without a worker takes it away in ${kind}`, async (t) => {
    const { front, ben } = await behind(t, kind);
    ben.expected.push(/bad HTTP response code \(404\)/);
    front.withoutWorker();
    front.update();
    await until('no worker and nothing kept', () => ben.page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length === 0 && (await caches.keys()).length === 0), 20_000);
    await ben.open('/');
    await ben.finds('heading', /.+/);
    assert.equal(await version(ben), 2);
  });
}

for (const kind of kinds) {
  test(`a page that its worker can't renew is renewed without it in ${kind}`, async (t) => {
    const { front, ben } = await behind(t, kind);
    ben.expected.push(/dynamically imported module|ServiceWorker|service worker/i);
    await ben.open('/settings/you');
    await ben.finds('textbox', text.settings.newPassword);
    front.meddle();
    front.update();
    await ben.seesNo(text.link.reconnecting);
    await ben.writes(text.settings.newPassword, 'a few words');
    await ben.sees(text.attention.updateReady);
    await presses(ben, text.attention.updateNow);
    await until('the new version', async () => await version(ben) === 2);
  });
}

test('a first visit loads once', async () => {
  const ben = await stage.arrives('Ben');
  await counts(ben);
  await kept(ben);
  await ben.sees('Anna');
  assert.equal(await loads(ben), 0, 'no second load');
});

test('a page of an older version, kept by nothing, is offered the new one when a part is gone', async (t) => {
  const front = await versions(stage.server.ports.http);
  t.after(() => front.close());
  const ben = await stage.arrives('Ben', { origin: front.origin });
  ben.expected.push(...cut, /dynamically imported module/);
  await ben.page.setBypassServiceWorker(true);
  await ben.open('/settings/you');
  await ben.finds('textbox', text.settings.newPassword);
  front.update();
  await ben.seesNo(text.link.reconnecting);
  await ben.writes(text.settings.newPassword, 'a few words');
  await ben.sees(text.attention.updateReady);
  await presses(ben, text.attention.updateNow);
  await until('the new version', async () => await version(ben) === 2);
});
