// Asking, accepting, declining, removing and blocking, each by hand and each
// with what the other side may and may not notice.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setStage } from './lib/stage.mjs';
import { text } from './lib/text.mjs';

/** @type {import('./lib/stage.mjs').Stage} */
let stage;
before(async () => {
  stage = await setStage({ names: ['Anna', 'Ben', 'Chi'], browsers: ['chromium', 'firefox'] });
});
beforeEach(() => stage.enter());
afterEach(() => stage?.leave());
after(() => stage?.close());

/** Who sits before which browser: each test is done twice, the other way round. Firefox draws only the window in front, so one person has it. */
const ways = /** @type {const} */ ([
  { way: 'Anna in Firefox', on: { Anna: 'firefox', Ben: 'chromium', Chi: 'chromium' } },
  { way: 'Ben in Firefox', on: { Anna: 'chromium', Ben: 'firefox', Chi: 'chromium' } },
]);

for (const { way, on } of ways) {
  const arrives = (/** @type {keyof typeof on} */ name, /** @type {object} */ options = {}) => stage.arrives(name, { on: on[name], ...options });

  /** @param {import('./lib/person.mjs').Person} p @param {string} handle */
  async function asks(p, handle) {
    await p.presses(text.people.add, 'link');
    await p.writes(text.people.handle, handle);
    await p.presses(text.people.ask);
    await p.sees(text.people.asked(handle));
    await p.finds('button', text.people.withdrawFrom(handle));
  }

  test(`asking by handle: accepted, each sees the other: ${way}`, async () => {
    const ben = await arrives('Ben');
    const chi = await arrives('Chi');
    await asks(ben, stage.api('Chi').handle);
    await chi.presses(text.people.acceptFrom('Ben'));
    await ben.finds('button', text.people.videoCall('Chi'));
    await chi.finds('button', text.people.videoCall('Ben'));
    await ben.seesFriend('Chi', text.people.online);
  });

  test(`removed: each is gone from the other’s list, and the other is not told: ${way}`, async () => {
    await stage.befriend('Ben', 'Chi');
    const ben = await arrives('Ben');
    const chi = await arrives('Chi');
    await chi.seesFriend('Ben', text.people.online);
    await ben.goesTo('Chi');
    await ben.presses(text.people.remove);
    await ben.sees(text.confirm.removeTitle('Chi'));
    await ben.presses(text.confirm.remove);
    await ben.misses('button', text.people.videoCall('Chi'));
    await chi.seesFriend('Ben', text.people.offline);
    await chi.open('/');
    await chi.finds('button', text.people.videoCall('Anna'));
    await chi.misses('button', text.people.videoCall('Ben'));
  });

  test(`asking by handle: declined, and nobody is told: ${way}`, async () => {
    const ben = await arrives('Ben');
    const chi = await arrives('Chi');
    await asks(ben, stage.api('Chi').handle);
    await chi.presses(text.people.declineFrom('Ben'));
    await chi.seesNo(text.people.incoming);
    await ben.open('/');
    await ben.finds('button', text.people.withdrawFrom(stage.api('Chi').handle));
    await ben.presses(text.people.withdrawFrom(stage.api('Chi').handle));
    await ben.seesNo(text.people.outgoing);
    await chi.open('/');
    await chi.finds('button', text.people.videoCall('Anna'));
    assert.ok(!(await chi.reads()).includes(text.people.incoming));
  });

  test(`a handle that nobody has is asked like any other: ${way}`, async () => {
    const ben = await arrives('Ben');
    await asks(ben, 'nobody.0001');
    await ben.open('/');
    await ben.sees('nobody.0001');
    await ben.presses(text.people.withdrawFrom('nobody.0001'));
    await ben.misses('button', text.people.withdrawFrom('nobody.0001'));
    await ben.open('/');
    await ben.finds('link', text.people.add);
    await ben.finds('button', text.people.videoCall('Anna'));
    assert.ok(!(await ben.reads()).includes('nobody.0001'));
  });

  test(`a friend who already has an account follows a link: ${way}`, async () => {
    const ben = await arrives('Ben');
    const token = await stage.api('Chi').invite();
    await ben.open(`/invite#${token}`);
    await ben.sees(text.invite.acceptTitle('Chi'));
    await ben.presses(text.invite.accept);
    await ben.finds('button', text.people.videoCall('Chi'));
  });

  test(`blocked: the other sees a friend who is never here: ${way}`, async () => {
    const anna = await arrives('Anna');
    const ben = await arrives('Ben');
    await ben.seesFriend('Anna', text.people.online);
    await anna.goesTo('Ben');
    await anna.presses(text.people.block);
    await anna.sees(text.confirm.blockTitle('Ben'));
    await anna.presses(text.confirm.block);
    await anna.misses('button', text.people.videoCall('Ben'));
    await anna.sees(text.people.blocked);
    await ben.seesFriend('Anna', text.people.offline);
    await ben.presses(text.people.videoCall('Anna'));
    await ben.sees(text.errors.codes.unreachable);
    await anna.open('/');
    await anna.finds('button', text.people.videoCall('Chi'));
    assert.ok(!(await anna.reads()).includes(text.people.missedVideo('Ben')), 'a call by somebody blocked left a notice');
  });

  test(`one sees when a friend comes and goes: ${way}`, async () => {
    const anna = await arrives('Anna');
    await anna.seesFriend('Chi', text.people.offline);
    const chi = await arrives('Chi');
    await anna.seesFriend('Chi', text.people.online);
    chi.expected.push(/\b401\b/);
    await stage.api('Chi').call('POST', '/logout');
    await chi.finds('button', text.login.submit);
    await anna.seesFriend('Chi', text.people.offline);
  });
}
