// The first five minutes, by hand: the owner's printed link, a name, a
// password, an invitation for a friend, who opens it in the other browser.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch } from './lib/browsers.mjs';
import { Person } from './lib/person.mjs';
import { password, startServer } from './lib/server.mjs';
import { text } from './lib/text.mjs';

/** @type {import('./lib/server.mjs').Server} */
let server;
/** @type {Awaited<ReturnType<typeof launch>>} */
let chromium;
/** @type {Awaited<ReturnType<typeof launch>>} */
let firefox;
before(async () => {
  server = await startServer();
  chromium = await launch('chromium');
  firefox = await launch('firefox');
});
after(async () => {
  await chromium?.close();
  await firefox?.close();
  await server?.stop();
});

const notSignedIn = /\b401\b/; // the page asks who it is before anybody is

/** @param {Person} p @param {string} name @param {string} handle */
async function signsUp(p, name, handle) {
  await p.presses(text.invite.begin);
  await p.writes(text.invite.name, name);
  await p.writes(text.invite.handle, handle);
  await p.presses(text.invite.next);
  await p.writes(text.password.label, 'password1');
  await p.sees(text.password.scores[0]);
  await p.writes(text.password.label, password);
  await p.sees(text.password.scores[4]);
  await p.presses(text.invite.create);
  await p.sees(text.invite.doneTitle(name));
  const shown = new RegExp(`${handle}\\.\\d{4}`).exec(await p.reads());
  assert.ok(shown, `no handle like ${handle}.1234 in: ${await p.reads()}`);
  return shown[0];
}

test('from the printed link to a friend in the other browser, and back in', async () => {
  const anna = await Person.arrive(chromium.browser, server.origin, { devices: { side: 1 }, path: `/invite#${await server.ownerInvite()}` });
  anna.expected.push(notSignedIn);
  await anna.sees(text.invite.fromServer);
  const handle = await signsUp(anna, 'Anna Lind', 'anna');
  await anna.presses(text.invite.doneHome);
  await anna.sees(text.people.emptyTitle);

  await anna.presses(text.people.add, 'link');
  await anna.presses(text.people.makeLink);
  const link = await anna.written(text.people.link);
  assert.match(link, new RegExp(`^${server.origin}/invite#`));

  const ben = await Person.arrive(firefox.browser, server.origin, { devices: { side: 2 }, path: link.slice(server.origin.length) });
  ben.expected.push(notSignedIn);
  await ben.sees(text.invite.from('Anna Lind'));
  await signsUp(ben, 'Ben', 'ben');
  await ben.finds('button', text.people.videoCall('Anna Lind'));
  await ben.finds('button', text.people.call('Anna Lind'));
  await ben.presses(text.invite.doneCheck);
  await ben.finds('heading', text.app.check);
  assert.equal(await ben.page.evaluate(() => document.querySelectorAll('.rail [aria-current]').length), 0, 'it is none of the places of the rail');
  const next = await ben.finds('button', text.people.videoCall('Anna Lind'));
  assert.equal(await next.evaluate((b) => [...document.querySelectorAll('.button.primary')].indexOf(b)), 0, 'the call is the thing to do');
  await ben.presses(text.app.back, 'link'); // to whom one was about to call
  await ben.finds('button', text.people.videoCall('Anna Lind'));
  await ben.sees('Anna Lind');
  await ben.sees(text.people.online);
  await anna.finds('button', text.people.videoCall('Ben'));
  await anna.sees(text.people.online);

  const eve = await Person.arrive(chromium.browser, server.origin, { devices: { side: 3 }, path: link.slice(server.origin.length) });
  eve.expected.push(notSignedIn, /\b404\b/);
  await eve.sees(text.invite.badTitle);
  await eve.leaves();

  await anna.open('/settings/this-device');
  await anna.presses(text.settings.signOut);
  await anna.sees(text.confirm.signOutTitle);
  await anna.presses(text.confirm.signOut);
  await anna.finds('button', text.login.submit);
  await ben.sees(text.people.offline);
  await anna.writes(text.login.handle, handle);
  await anna.writes(text.login.password, 'not the password at all');
  await anna.presses(text.login.submit);
  await anna.sees(text.errors.codes.bad_credentials);
  assert.equal(await anna.written(text.login.handle), handle);
  await anna.writes(text.login.password, password);
  await anna.presses(text.login.submit);
  await anna.finds('button', text.people.videoCall('Ben'));
  await ben.sees(text.people.online);
  await anna.leaves();
  await ben.leaves();
});

test('nobody comes in without an invitation', async () => {
  const eve = await Person.arrive(chromium.browser, server.origin, { devices: { side: 3 } });
  eve.expected.push(notSignedIn);
  await eve.finds('button', text.login.submit);
  await eve.open('/invite');
  await eve.sees(text.invite.noneTitle);
  await eve.leaves();
});
