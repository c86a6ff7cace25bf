// What a call can do with its media, from one browser to the other: a screen
// with its sound in the camera's place, devices that come and go, and what is
// asked of a microphone. The SDK alone, without the client's screens.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { toneOf } from './lib/person.mjs';
import { phone, talk } from './lib/phone.mjs';
import { setStage } from './lib/stage.mjs';
import { until } from './lib/wait.mjs';

/** @type {import('./lib/stage.mjs').Stage} */
let stage;
before(async () => { stage = await setStage({ names: ['Anna', 'Ben'], browsers: ['chromium', 'firefox'] }); });
beforeEach(() => stage.enter());
afterEach(() => stage?.leave());
after(() => stage?.close());

const pairs = /** @type {const} */ ([['chromium', 'firefox'], ['firefox', 'chromium']]);
const screenSide = 9, screenTone = 2300;

/** Waits until a tone is heard, or is not. @param {import('./lib/phone.mjs').Phone} p @param {number} hertz @param {boolean} [on] */
const heard = (p, hertz, on = true) => until(`${hertz} Hz ${on ? '' : 'not '}being heard`, async () => {
  const level = await p.page.evaluate((hz) => window.__probe.loudness(hz), hertz);
  return (on ? level > -60 : level < -75) || Promise.reject(new Error(`${level} dB`));
}, 15_000);
/** Waits until a side's picture moves, whoever's. @param {import('./lib/phone.mjs').Phone} p @param {number} side */
const seen = (p, side) => p.person.watches(side);
const lit = (/** @type {import('./lib/phone.mjs').Phone} */ p) => p.page.evaluate(() => window.__devices.lit().sort());

for (const [from, to] of pairs) {
  test(`${from} shows its screen with sound to ${to}, and its camera again`, async () => {
    const anna = await phone(stage, 'Anna', { on: from, devices: { screen: { side: screenSide, tone: screenTone } } });
    const ben = await phone(stage, 'Ben', { on: to });
    await talk(anna, ben, stage.api('Ben').account);
    await seen(ben, 1);
    await ben.waits('remote', (r) => r.video && !r.screen);

    await anna.does('setScreen', true);
    await seen(ben, screenSide);
    await ben.waits('remote', (r) => r.video && r.screen === true);
    await heard(ben, screenTone);
    await heard(ben, toneOf(1));
    await anna.does('setMuted', true);
    await heard(ben, toneOf(1), false);
    await heard(ben, screenTone); // the film goes on
    await anna.does('setMuted', false);
    assert.deepEqual(await lit(anna), ['camera-1', 'microphone-1', 'screen', 'screen']);

    await anna.page.evaluate(() => window.__devices.stopScreen()); // in the browser's own bar
    await anna.waits('screen', (s) => s === false);
    await seen(ben, 1);
    await ben.waits('remote', (r) => r.video && !r.screen);
    await heard(ben, screenTone, false);
    await heard(ben, toneOf(1));
    assert.deepEqual(await lit(anna), ['camera-1', 'microphone-1']);
  });

  test(`${from} shows its screen to ${to} in a voice call, only when asked to and only in a press`, async () => {
    const anna = await phone(stage, 'Anna', { on: from, devices: { screen: { side: screenSide } } });
    const ben = await phone(stage, 'Ben', { on: to, devices: { screen: { error: 'NotAllowedError' } } });
    await talk(anna, ben, stage.api('Ben').account, false);
    await ben.does('setScreen', true); // and picks nothing
    assert.equal(await ben.read('screen'), false);
    assert.equal(await ben.read('problem'), undefined);
    assert.deepEqual(await ben.page.evaluate(() => window.__askedScreen), [{ audio: true, pressed: true }]);
    // What the other side sends cannot make this one show anything.
    await anna.does('setScreen', true);
    await seen(ben, screenSide);
    assert.equal((await ben.page.evaluate(() => window.__askedScreen)).length, 1);
    assert.equal(await anna.read('camera'), false);
    await anna.does('setScreen', false);
    await ben.waits('remote', (r) => !r.video && !r.screen);
    assert.deepEqual(await lit(anna), ['microphone-1']);
    await heard(ben, toneOf(1));
  });
}

const two = /** @type {import('./lib/probe.mjs').Drawn[]} */ ([
  { kind: 'audioinput', deviceId: 'microphone-1', label: 'Headset' },
  { kind: 'audioinput', deviceId: 'microphone-2', label: 'Built in' },
  { kind: 'videoinput', deviceId: 'camera-1', label: 'Front', facingMode: 'user' },
  { kind: 'videoinput', deviceId: 'camera-2', label: 'Back', facingMode: 'environment', side: 7 },
]);

for (const [from, to] of pairs) {
  test(`devices of ${from} come and go in a call with ${to}`, async () => {
    const anna = await phone(stage, 'Anna', { on: from, devices: { list: two } });
    const ben = await phone(stage, 'Ben', { on: to });
    await talk(anna, ben, stage.api('Ben').account);
    await seen(ben, 1);
    assert.deepEqual(await anna.read('using'), { microphone: 'microphone-1', camera: 'camera-1' });
    assert.equal(await anna.read('facing'), 'user');

    await anna.does('swapCamera');
    await seen(ben, 7);
    assert.equal(await anna.read('facing'), 'environment');
    assert.deepEqual(await lit(anna), ['camera-2', 'microphone-1']);

    await anna.does('setMuted', true);
    await heard(ben, toneOf(1), false);
    await anna.page.evaluate(() => { window.__devices.unplug('microphone-1'); window.__devices.unplug('camera-2'); });
    await anna.waits('using', (u) => u.microphone === 'microphone-2' && u.camera === 'camera-1');
    await seen(ben, 1);
    await heard(ben, toneOf(1), false); // still muted
    await anna.does('setMuted', false);
    await heard(ben, toneOf(1));
    await seen(anna, 2);
    await heard(anna, toneOf(2));
    assert.deepEqual((await anna.events()).map((e) => [e.device, e.now, e.label]).sort(), [['camera', 'switched', 'Front'], ['microphone', 'switched', 'Built in']]);
    assert.deepEqual(await lit(anna), ['camera-1', 'microphone-2']);

    const before = await anna.plugs();
    await anna.page.evaluate((d) => window.__devices.plug(d), two[0]);
    await until('the plug being noticed', async () => await anna.plugs() > before);
    await anna.does('setMicrophoneDevice', 'microphone-1');
    await heard(ben, toneOf(1));
    assert.deepEqual(await lit(anna), ['camera-1', 'microphone-1']);

    await anna.page.evaluate(() => window.__devices.unplug('camera-1')); // the last one
    await anna.waits('problem', (p) => p?.kind === 'no_camera' && !p.blocking);
    await ben.waits('remote', (r) => r.audio && !r.video);
    await heard(ben, toneOf(1));
  });
}

for (const on of /** @type {const} */ (['chromium', 'firefox'])) {
  test(`${on} takes echoes, noise and loudness out of its own microphone`, async () => {
    const anna = await phone(stage, 'Anna', { on, real: true });
    const ben = await phone(stage, 'Ben', { on: 'chromium' });
    await talk(anna, ben, stage.api('Ben').account);
    const sound = await anna.page.evaluate(() => {
      const sender = window.__probe.connections.at(-1).getSenders().find((s) => s.track?.kind === 'audio');
      const pick = ({ echoCancellation, noiseSuppression, autoGainControl }) => ({ echoCancellation, noiseSuppression, autoGainControl });
      return { asked: pick(sender.track.getConstraints()), is: pick(sender.track.getSettings()) };
    });
    const all = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
    assert.deepEqual(sound.asked, all);
    // Firefox's make-believe microphone has none of the three, and says so; Chromium's has.
    if (on === 'chromium') assert.deepEqual(sound.is, all);
    const stats = await until('the figures', async () => {
      const s = await anna.read('stats');
      return s.sizeOut && s.codecs.videoOut && s.codecs.audioIn && s.framesPerSecondOut > 0 && s.kbitOut > 0 && s.jitterMs !== undefined && s;
    });
    assert.equal(stats.codecs.audioOut, 'opus');
    assert.equal(stats.path, 'direct');
    assert.equal(stats.candidates.local, 'host');
    // The other side's first check may come before word of where it comes from: to Firefox it stays a way found by itself.
    assert.ok(['host', 'prflx'].includes(stats.candidates.remote), stats.candidates.remote);
  });
}

for (const on of /** @type {const} */ (['chromium', 'firefox'])) {
  test(`the other side’s relay is one to ${on}, though its first check comes before word of it`, async () => {
    const late = () => {
      const own = RTCPeerConnection.prototype.addIceCandidate;
      RTCPeerConnection.prototype.addIceCandidate = async function (...given) {
        while (!['connected', 'completed'].includes(this.iceConnectionState)) await new Promise((done) => { setTimeout(done, 50); });
        return own.apply(this, given);
      };
    };
    const anna = await phone(stage, 'Anna', { on, before: (p) => p.page.evaluateOnNewDocument(late) });
    const ben = await phone(stage, 'Ben', { settings: { relay: 'always' } });
    await talk(anna, ben, stage.api('Ben').account, false);
    await anna.waits('stats', (s) => s.path === 'relayed' && s.candidates.remote === 'relay');
  });
}

test('the browser’s own screen, as far as a machine without one has it', async () => {
  const anna = await phone(stage, 'Anna', { on: 'chromium', real: true });
  const ben = await phone(stage, 'Ben', { on: 'chromium' });
  await talk(anna, ben, stage.api('Ben').account, false);
  await anna.does('setScreen', true);
  await anna.waits('screen', (s) => s === true);
  await ben.waits('remote', (r) => r.video && r.screen === true);
  await until('a picture', () => ben.page.evaluate(() => document.querySelector('video').videoWidth > 0));
  await anna.does('setScreen', false);
  await ben.waits('remote', (r) => !r.video);
});
