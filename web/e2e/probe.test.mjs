// The instruments themselves: before a test trusts the counter and the tone,
// this one sees both come through a real RTCPeerConnection in both browsers,
// and sees them missed where they are not.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { test } from 'node:test';
import { launch } from './lib/browsers.mjs';
import { Person } from './lib/person.mjs';
import { devices, instruments } from './lib/probe.mjs';
import { until } from './lib/wait.mjs';

/** @param {import('node:test').TestContext} t */
async function site(t) {
  const server = createServer((_, answer) => answer.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'; script-src 'self'; img-src 'self'; require-trusted-types-for 'script'; trusted-types none",
  }).end(`<!doctype html><html lang="en"><title>probe</title><label>Your name <input></label>
    <dialog aria-labelledby="t"><h2 id="t">Sure</h2></dialog><button aria-label="Go on">→</button><button disabled>Not yet</button>`));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const address = server.address();
  return `http://localhost:${typeof address === 'object' && address ? address.port : 0}`;
}

/** One page that calls itself. */
async function loop() {
  const a = new RTCPeerConnection(), b = new RTCPeerConnection();
  a.onicecandidate = (e) => b.addIceCandidate(e.candidate ?? undefined);
  b.onicecandidate = (e) => a.addIceCandidate(e.candidate ?? undefined);
  b.ontrack = (e) => {
    if (document.querySelector('video')) return;
    const video = document.createElement('video');
    video.srcObject = e.streams[0];
    document.body.append(video);
    void video.play();
  };
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  for (const t of stream.getTracks()) a.addTrack(t, stream);
  window.stream = stream;
  await a.setLocalDescription();
  await b.setRemoteDescription(a.localDescription);
  await b.setLocalDescription();
  await a.setRemoteDescription(b.localDescription);
}

for (const kind of /** @type {const} */ (['chromium', 'firefox'])) {
  test(`counter and tone through ${kind}`, async (t) => {
    const address = await site(t);
    const { browser, close } = await launch(kind);
    t.after(close);
    const page = await browser.newPage();
    await page.evaluateOnNewDocument(instruments);
    await page.evaluateOnNewDocument(devices, { side: 5, tone: 700 });
    await page.goto(address);
    assert.deepEqual(await page.evaluate(() => window.__probe.pictures()), [], 'a picture before there is one');
    await page.evaluate(loop);
    const first = await until('a counter', () => page.evaluate(() => window.__probe.pictures()[0]));
    assert.equal(first.side, 5);
    await until('a later counter', () => page.evaluate((n) => window.__probe.pictures()[0]?.counter > n + 10, first.counter));
    const tone = await until('a tone', () => page.evaluate(() => window.__probe.tones().find((x) => x.level > -50)));
    assert.ok(Math.abs(tone.hertz - 700) < 30, `heard ${tone.hertz} Hz at ${tone.level} dB, want 700`);
    const route = await until('a route', () => page.evaluate(() => window.__probe.route()));
    assert.equal(route.local, 'host');

    await page.evaluate(() => window.stream.getTracks().forEach((x) => { x.enabled = false; }));
    await until('silence', () => page.evaluate(() => window.__probe.tones().every((x) => x.level < -80)));
    await until('no counter in a black picture', () => page.evaluate(() => window.__probe.pictures().length === 0));
  });
}

for (const kind of /** @type {const} */ (['chromium', 'firefox'])) {
  test(`a person at ${kind} under a strict policy`, async (t) => {
    const origin = await site(t);
    const { browser, close } = await launch(kind);
    t.after(close);
    const anna = await Person.arrive(browser, origin, { devices: { side: 1 }, local: { colour: 'green' } });
    await anna.writes('Your name', 'Anna');
    assert.equal(await anna.written('Your name'), 'Anna');
    await anna.page.evaluate(() => document.querySelector('button')?.addEventListener('click', () => document.body.append('pressed')));
    await anna.presses('Go on');
    await anna.sees('pressed');
    await anna.page.evaluate(() => { // what comes under the pointer on its way is not what was meant
      const [first, second] = ['First', 'Other'].map((name) => Object.assign(document.createElement('button'), { textContent: name, onclick: () => document.body.append(` ${name} pressed `) }));
      document.body.append(first, second);
      first.addEventListener('pointermove', () => first.before(second), { once: true });
    });
    await anna.presses('First');
    await anna.sees('First pressed');
    assert.ok(!(await anna.reads()).includes('Other pressed'), 'a press lands beside what it was meant for');
    await anna.presses('Other');
    await anna.sees('Other pressed');
    assert.equal(await anna.look('dialog', 'Sure'), null, 'a closed dialog is seen');
    assert.equal(await anna.look('button', 'Go'), null, 'half a name is enough');
    assert.equal(await anna.page.evaluate(() => localStorage.getItem('colour')), 'green');
    await assert.rejects(anna.finds('button', 'Nowhere', 100), /Nowhere/);
    await anna.leaves();

    const ben = await Person.arrive(browser, origin, { devices: { side: 2 } });
    await ben.page.evaluate(() => document.body.append(Object.assign(document.createElement('img'), { src: 'http://localhost:1/x.png' })));
    await until('the violation', () => ben.page.evaluate(() => window.__probe.violations.length > 0));
    await assert.rejects(ben.leaves(), /errors on the page/);
  });
}
