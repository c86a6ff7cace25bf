// What goes wrong in front of a person: no camera, no permission, no network.
// Each says what happened and what to do, and nothing typed or running is lost.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { launch } from './lib/browsers.mjs';
import { Person } from './lib/person.mjs';
import { wire } from './lib/proxy.mjs';
import { meet, setStage, startCall } from './lib/stage.mjs';
import { password } from './lib/server.mjs';
import { text } from './lib/text.mjs';

/** @type {import('./lib/stage.mjs').Stage} */
let stage;
before(async () => { stage = await setStage({ names: ['Anna', 'Ben'] }); });
beforeEach(() => stage.enter());
afterEach(() => stage?.leave());
after(() => stage?.close());

for (const [what, error, words] of /** @type {const} */ ([
  ['there is no camera', 'NotFoundError', text.errors.codes.camera_missing],
  ['the camera is used by another program', 'NotReadableError', text.errors.codes.media_in_use],
])) {
  test(`a video call where ${what} goes on without`, async () => {
    const anna = await stage.arrives('Anna', { camera: error });
    const ben = await stage.arrives('Ben');
    await ben.seesFriend('Anna', text.people.online);
    await anna.presses(text.people.videoCall('Ben'));
    await anna.sees(words);
    await ben.presses(text.call.accept);
    await Promise.all([ben.hears(1), anna.hears(2), anna.watches(2)]);
    await (await anna.finds('button', text.app.close)).focus();
    await anna.page.keyboard.press('Enter');
    await anna.seesNo(words);
    assert.ok(await anna.page.evaluate(() => document.activeElement?.matches('dialog.call')), 'the keyboard left the call');
    await anna.page.keyboard.press('m'); // something else changes: it stays away
    await ben.sees(text.call.theyMuted('Anna'));
    await anna.seesNo(words);
    await anna.page.keyboard.press('v'); // tried again
    await anna.sees(words);
    await anna.presses(text.call.hangUp);
  });
}

test('without permission the call waits, says why, and can be given up', async () => {
  const anna = await stage.arrives('Anna', { camera: 'NotAllowedError', microphone: 'NotAllowedError' });
  await anna.presses(text.people.videoCall('Ben'));
  await anna.sees(text.errors.codes.media_denied);
  await anna.finds('button', text.app.tryAgain);
  await anna.presses(text.call.cancel);
  await anna.finds('button', text.people.videoCall('Ben'));
});

test('a call survives a lost WebSocket', async (t) => {
  const line = await wire(stage.server.ports.http);
  t.after(() => line.close());
  const anna = await stage.arrives('Anna', { origin: line.origin });
  const ben = await stage.arrives('Ben');
  await startCall(anna, ben, 'Ben');
  await meet([anna, 1], [ben, 2]);
  anna.expected.push(/WebSocket/);
  line.cut('signal');
  await ben.sees(text.call.theyAway('Anna'));
  await meet([anna, 1], [ben, 2]);
  line.mend();
  await ben.seesNo(text.call.theyAway('Anna'));
  await meet([anna, 1], [ben, 2]);
  await anna.presses(text.call.mute); // signaling works again
  await ben.sees(text.call.theyMuted('Anna'));
  await ben.presses(text.call.hangUp);
  await anna.sees(text.call.ended.hangup.title);
});

test('without a network the page says so, and goes on by itself', async (t) => {
  const line = await wire(stage.server.ports.http);
  t.after(() => line.close());
  const anna = await stage.arrives('Anna', { origin: line.origin });
  await anna.finds('button', text.people.videoCall('Ben'));
  anna.expected.push(/WebSocket/, /Failed to load resource|ERR_/);
  line.cut('all');
  await anna.sees(text.link.reconnecting);
  await anna.presses(text.people.videoCall('Ben'));
  await anna.sees(text.errors.codes.network);
  line.mend();
  await anna.seesNo(text.link.reconnecting);
});

test('a device that is offline is told so', async () => {
  const anna = await stage.arrives('Anna');
  await anna.finds('button', text.people.videoCall('Ben'));
  anna.expected.push(/ERR_INTERNET_DISCONNECTED|WebSocket/);
  await anna.page.setOfflineMode(true);
  await anna.sees(text.link.offline);
  await anna.page.setOfflineMode(false);
  await anna.seesNo(text.link.offline);
  await anna.finds('button', text.people.videoCall('Ben'));
});

test('a half-filled form survives a failed request', async (t) => {
  const line = await wire(stage.server.ports.http);
  t.after(() => line.close());
  const invite = await stage.api('Anna').invite();
  const eve = await stage.arrives('Ben', { api: undefined, origin: line.origin, path: `/invite#${invite}` });
  eve.expected.push(/401|Failed to load resource|ERR_/);
  await eve.presses(text.invite.begin);
  await eve.writes(text.invite.name, 'Eve of the Lake');
  await eve.writes(text.invite.handle, 'eve');
  await eve.presses(text.invite.next);
  await eve.writes(text.password.label, password);
  line.cut('all');
  await eve.presses(text.invite.create);
  await eve.sees(text.errors.codes.network);
  assert.equal(await eve.written(text.password.label), password);
  line.mend();
  await eve.presses(text.invite.create);
  await eve.sees(text.invite.doneTitle('Eve of the Lake'));
});

// The browsers' own refusal, as when a person presses “Block”.
const refusing = /** @type {const} */ ({
  chromium: { fakeDevices: false, flags: ['--use-fake-device-for-media-stream'] },
  firefox: { fakeDevices: false, prefs: { 'media.navigator.streams.fake': true, 'permissions.default.camera': 2, 'permissions.default.microphone': 2 } },
});
for (const kind of /** @type {const} */ (['chromium', 'firefox'])) {
  test(`camera and microphone refused by ${kind} itself`, async (t) => {
    const { browser, close } = await launch(kind, refusing[kind]);
    t.after(close);
    const anna = await Person.arrive(browser, stage.server.origin, { api: stage.api('Anna') });
    if (kind === 'chromium') {
      const session = await anna.page.createCDPSession();
      for (const name of ['camera', 'microphone']) {
        await session.send('Browser.setPermission', { permission: { name }, setting: 'denied', origin: stage.server.origin, browserContextId: anna.context.id });
      }
    }
    await anna.presses(text.people.videoCall('Ben'));
    await anna.sees(text.errors.codes.media_denied);
    await anna.presses(text.call.cancel);
    await anna.finds('button', text.people.videoCall('Ben'));
    await anna.leaves();
  });
}
