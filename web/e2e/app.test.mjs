// The app as an app: installed, without a server, after an update, and in the
// background.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { meet, setStage } from './lib/stage.mjs';
import { cut, hide, kept, leavesNotice, notices, presses, pressesNotice, spy, tabOf } from './lib/tabs.mjs';
import { text } from './lib/text.mjs';
import { versions } from './lib/versions.mjs';
import { until } from './lib/wait.mjs';

/** @type {import('./lib/stage.mjs').Stage} */
let stage;
before(async () => {
  stage = await setStage({ names: ['Anna', 'Ben'], browsers: ['chromium', 'firefox'], launch: { prefs: { 'permissions.default.desktop-notification': 1, 'alerts.useSystemBackend': false } } });
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

test('it can be installed', async () => {
  const anna = await stage.arrives('Anna');
  await kept(anna);
  const session = await anna.page.createCDPSession();
  const { errors } = await session.send('Page.getAppManifest');
  assert.deepEqual(errors, []);
  const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
  // A private window installs nothing; whatever else it says is ours.
  assert.deepEqual(installabilityErrors.map((e) => e.errorId).filter((id) => id !== 'in-incognito'), []);
  const manifest = await (await fetch(`${stage.server.origin}/manifest.webmanifest`)).json();
  for (const icon of manifest.icons) {
    const answer = await fetch(stage.server.origin + icon.src);
    assert.equal(answer.headers.get('content-type'), icon.type, icon.src);
  }
});

for (const kind of kinds) {
  test(`it opens without a server and comes back by itself in ${kind}`, async (t) => {
    const { front, ben } = await behind(t, kind);
    front.power(false);
    await ben.open('/calls');
    await ben.sees(text.link.noServer);
    front.power(true);
    await ben.seesNo(text.link.noServer, 20_000);
    await ben.finds('heading', text.history.title);
  });

  test(`nothing private is kept in ${kind}, and nothing of the person after signing out`, async () => {
    const ben = await stage.arrives('Ben', { on: kind });
    await kept(ben);
    await ben.open('/');
    await ben.sees('Anna');
    const look = () => ben.page.evaluate(async () => {
      const found = [];
      for (const name of await caches.keys()) {
        const cache = await caches.open(name);
        for (const request of await cache.keys()) {
          const answer = await cache.match(request);
          found.push({ path: new URL(request.url).pathname, cookie: answer?.headers.get('set-cookie'), anna: /text|json/.test(answer?.headers.get('content-type') ?? '') && (await answer?.text())?.includes('"handle"') });
        }
      }
      return found;
    });
    const before = await look();
    assert.ok(before.some((x) => x.path === '/index.html') && before.some((x) => /^\/assets\/index-.*js$/.test(x.path)));
    assert.deepEqual(before.filter((x) => x.path.startsWith('/api') || x.cookie || x.anna), []);
    assert.deepEqual(before.filter((x) => x.path.includes('scorer')), [], 'the word lists come when they are needed');
    ben.expected.push(/401|WebSocket/); // who is here is asked, and nobody is
    await ben.page.evaluate(() => fetch('/api/v1/logout', { method: 'POST' }));
    await ben.open('/');
    assert.deepEqual((await look()).map((x) => x.path).sort(), before.map((x) => x.path).sort());
  });

  test(`an incoming call is a notification while the tab is hidden in ${kind}`, async () => {
    const local = { 'ringfence.notifications': 'yes' };
    const anna = await stage.arrives('Anna', { on: kind });
    const ben = await stage.arrives('Ben', { on: kind, local });
    if (kind === 'chromium') await ben.context.overridePermissions(stage.server.origin, ['notifications']);
    await spy(ben);
    await kept(ben);
    await ben.seesFriend('Anna', text.people.online);
    await hide(ben, true);
    assert.deepEqual(await notices(ben), []);
    await presses(anna, text.people.videoCall('Ben'));
    const [first] = await until('a notification', async () => { const all = await notices(ben); return all.length > 0 && all; });
    assert.equal(first.title, text.attention.calls('Anna'));
    assert.equal(first.tag, 'call');
    assert.equal(first.actions, 'accept,decline');
    await presses(anna, text.call.cancel);
    await until('a notice of the missed call in its place', async () => { const all = await notices(ben); return all.length === 1 && all[0].tag === 'missed' && all[0].title === text.attention.missed('Anna'); });
    await hide(ben, false);
  });
}

test('a notification of a call goes with the tab that it rang in', async () => {
  const anna = await stage.arrives('Anna');
  const ben = await stage.arrives('Ben', { local: { 'ringfence.notifications': 'yes' } });
  await ben.context.overridePermissions(stage.server.origin, ['notifications']);
  await spy(ben);
  await kept(ben);
  await ben.open('/'); // the worker keeps it now
  await hide(ben, true);
  await ben.seesFriend('Anna', text.people.online);
  const tags = async () => (await notices(ben)).map((n) => n.tag).join();
  assert.equal(await tags(), '');
  await presses(anna, text.people.videoCall('Ben'));
  await until('a notification', async () => await tags() === 'call');
  await ben.page.goto('about:blank');
  await until('no notification', async () => await tags() === '');
  // One that a crash left behind goes when a page begins.
  await leavesNotice(ben, 'x');
  assert.equal(await tags(), 'call');
  await ben.page.goto(stage.server.origin);
  await until('nothing of it', async () => await tags() === '');
  await presses(anna, text.call.cancel);
});

test('a notification accepts and declines', async () => {
  const anna = await stage.arrives('Anna');
  const ben = await stage.arrives('Ben', { local: { 'ringfence.notifications': 'yes' } });
  await ben.context.overridePermissions(stage.server.origin, ['notifications']);
  await spy(ben);
  await kept(ben);
  const two = await tabOf(ben, 2);
  for (const tab of [ben, two]) await hide(tab, true);
  assert.deepEqual(await notices(ben), []);
  await ben.seesFriend('Anna', text.people.online);
  await presses(anna, text.people.videoCall('Ben'));
  await two.finds('button', text.call.accept);
  await pressesNotice(ben, 'decline');
  await anna.sees(text.call.ended.declined.title);
  await until('it being gone, and not told as missed by the other tab', async () => (await notices(ben)).length === 0 || Promise.reject(new Error(JSON.stringify(await notices(ben)))));
  await presses(anna, text.call.close);
  await presses(anna, text.people.videoCall('Ben'));
  await two.finds('button', text.call.accept);
  await pressesNotice(ben, 'accept');
  await anna.watches(2);
  await until('no notification', async () => (await notices(ben)).length === 0 || Promise.reject(new Error(JSON.stringify(await notices(ben)))));
  await presses(anna, text.call.hangUp);
});

for (const kind of kinds) {
  test(`a call keeps the screen on, and keys of the system work, in ${kind}`, async () => {
    const anna = await stage.arrives('Anna', { on: kind });
    const ben = await stage.arrives('Ben', { on: kind });
    await spy(anna);
    await ben.seesFriend('Anna', text.people.online);
    await presses(anna, text.people.videoCall('Ben'));
    await presses(ben, text.call.accept);
    await meet([anna, 1], [ben, 2]);
    const spied = () => anna.page.evaluate(() => window.__spied);
    assert.deepEqual((await spied()).filter((/** @type {string} */ x) => x.startsWith('wake')), ['wake lock']);
    await anna.page.evaluate(() => { window.__sentinel.released = true; }); // as when the tab was hidden
    await hide(anna, true);
    await hide(anna, false);
    await until('the screen being kept on again', async () => (await spied()).filter((/** @type {string} */ x) => x === 'wake lock').length === 2);
    assert.equal(await anna.page.evaluate(() => navigator.mediaSession.metadata?.title), 'Ben');
    const keys = await anna.page.evaluate(() => Object.keys(window.__keys ?? {}));
    assert.ok(keys.includes('hangup') && keys.includes('togglemicrophone'), keys.join());
    await anna.page.evaluate(() => window.__keys.togglemicrophone());
    await ben.sees(text.call.theyMuted('Anna'));
    await anna.page.evaluate(() => window.__keys.hangup());
    await ben.sees(text.call.ended.hangup.title);
    await until('the screen being let go', async () => (await spied()).includes('wake lock released'));
  });

  test(`missed calls and requests are counted on the icon in ${kind}`, async () => {
    const anna = await stage.arrives('Anna', { on: kind });
    await anna.finds('heading', /.+/);
    await presses(anna, text.people.call('Ben'));
    await anna.sees(text.call.ended.offline.why('Ben'), 15_000);
    const ben = await stage.arrives('Ben', { on: kind });
    await spy(ben);
    await until('one on the icon', async () => { const said = await ben.page.evaluate(() => window.__spied); return said.includes('setAppBadge 1') || Promise.reject(new Error(said.join())); });
    await presses(ben, text.people.dismissWho('Anna'));
    await until('none', () => ben.page.evaluate(() => window.__spied.at(-1)?.startsWith('clearAppBadge')));
  });
}
