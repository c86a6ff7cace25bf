// Calls that are connected while they ring: through the relay alone, with
// nothing in the connection and no device open, and over it at once when they
// are answered. What passes the hub before the answer is read frame by frame.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { password } from './lib/server.mjs';
import { meet, setStage } from './lib/stage.mjs';
import { text } from './lib/text.mjs';
import { until } from './lib/wait.mjs';

/** @type {import('./lib/stage.mjs').Stage} */
let stage;
before(async () => { stage = await setStage({ names: ['Anna', 'Ben'], browsers: ['chromium', 'firefox'] }); });
beforeEach(() => stage.enter());
afterEach(() => stage?.leave());
after(() => stage?.close());

const early = { 'ringfence.early': 'on' };

/** Runs in the page: keeps the frames of the signaling and the connections that are made. */
function listen() {
  const seen = (window.__frames = /** @type {{sent: boolean, kind: string, body: any}[]} */ ([]));
  const peers = (window.__connections = /** @type {RTCPeerConnection[]} */ ([]));
  const note = (/** @type {boolean} */ sent, /** @type {unknown} */ data) => {
    if (typeof data !== 'string') return;
    const f = JSON.parse(data);
    const open = (/** @type {string} */ b) => JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(b.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0))) || '{}');
    const body = open(f.body);
    seen.push({ sent, kind: f.kind, body: body.sealed ? { ...body, sealed: open(body.sealed) } : body });
  };
  window.WebSocket = class extends WebSocket {
    /** @param {ConstructorParameters<typeof WebSocket>} args */
    constructor(...args) {
      super(...args);
      this.addEventListener('message', (e) => note(false, e.data));
    }

    /** @param {any} data */
    send(data) {
      note(true, data);
      super.send(data);
    }
  };
  window.RTCPeerConnection = class extends RTCPeerConnection {
    /** @param {RTCConfiguration} [c] */
    constructor(c) {
      super(c);
      peers.push(this);
    }
  };
}

/** What a page has: frames, and its connections as far as they go. @param {import('./lib/person.mjs').Person} p */
const state = (p) => p.page.evaluate(async () => ({
  frames: window.__frames,
  asked: window.__asked ?? [],
  connections: await Promise.all(window.__connections.filter((c) => c.connectionState !== 'closed').map(async (c) => ({
    state: c.connectionState,
    policy: c.getConfiguration().iceTransportPolicy,
    tracks: c.getSenders().filter((s) => s.track !== null).length,
    media: [...(await c.getStats()).values()].filter((s) => s.type === 'outbound-rtp').reduce((n, s) => n + (s.packetsSent ?? 0), 0),
  }))),
}));

/** How many allocations the relay has made so far. */
const allocations = async () => (await stage.server.metrics()).total('ringfence_relay_listener_allocations_total', {});

/** Everything that looks like an address in what was told. @param {unknown} body */
const addresses = (body) => [...JSON.stringify(body).matchAll(/(?:\d{1,3}\.){3}\d{1,3}|[\da-f-]{36}\.local/g)].map(([a]) => a);

/** @param {import('./lib/person.mjs').Person} anna @param {import('./lib/person.mjs').Person} ben */
async function connectedWhileRinging(anna, ben) {
  return until('both being connected while it rings', async () => {
    const both = await Promise.all([state(anna), state(ben)]);
    if (both.every((s) => s.connections.some((c) => c.state === 'connected'))) return both;
    throw new Error(JSON.stringify(both.map((s) => [s.connections, s.frames.map((f) => f.kind)])));
  });
}

for (const [from, to] of /** @type {const} */ ([['chromium', 'chromium'], ['chromium', 'firefox'], ['firefox', 'chromium']])) {
  test(`${from} and ${to} are connected before the answer, with nothing told and nothing sent`, async () => {
    const anna = await stage.arrives('Anna', { on: from, local: early, before: (p) => p.page.evaluateOnNewDocument(listen).then(() => undefined) });
    const ben = await stage.arrives('Ben', { on: to, local: early, before: (p) => p.page.evaluateOnNewDocument(listen).then(() => undefined) });
    await anna.seesFriend('Ben', text.people.online);
    const before = await allocations();
    await anna.presses(text.people.videoCall('Ben'));
    await ben.finds('button', text.call.accept);
    const [a, b] = await connectedWhileRinging(anna, ben);
    await pause(2000); // the caller’s other connection gathers, too
    const made = (await allocations()) - before;
    assert.ok(made <= 4, `${made} allocations for one ring`);

    assert.deepEqual(b.asked, [], 'the callee’s devices were asked for before the answer');
    for (const s of [a, b]) {
      assert.ok(s.connections.length <= 2, `${s.connections.length} connections`);
      const one = s.connections.find((c) => c.state === 'connected');
      assert.deepEqual({ policy: one?.policy, tracks: one?.tracks, media: one?.media }, { policy: 'relay', tracks: 0, media: 0 });
      const told = s.frames.filter((f) => ['ring', 'incoming', 'warm', 'candidate', 'description'].includes(f.kind));
      assert.ok(told.some((f) => f.kind === 'warm' && f.body.candidates.length > 0), 'no candidate passed');
      for (const f of told) {
        const body = { ...f.body, servers: undefined };
        for (const c of body.candidates ?? []) assert.match(c.candidate, /^candidate:1 1 udp \d+ \S+ \d+ typ relay raddr 0\.0\.0\.0 rport 0( ufrag \S+)?$/);
        if (f.kind !== 'warm' || body.sdp) assert.deepEqual(addresses(body).filter((x) => x !== '0.0.0.0' && x !== '127.0.0.1'), [], f.kind);
        assert.doesNotMatch(JSON.stringify([body.sdp, body.sealed]), /a=candidate/);
      }
      assert.deepEqual(s.frames.filter((f) => ['description', 'candidate', 'media'].includes(f.kind)), []);
    }

    await ben.presses(text.call.accept);
    await meet([anna, 1], [ben, 2]);
    for (const p of [anna, ben]) {
      const s = await state(p);
      assert.equal(s.frames.find((f) => f.kind === 'answered')?.body.early, true);
      assert.equal(s.connections.length, 1);
    }
    // Both allow a direct way, and get one.
    for (const p of [anna, ben]) await p.sees(text.call.direct);
    await meet([anna, 1], [ben, 2]);
    await anna.presses(text.call.hangUp);
  });
}

test('whoever has it off is connected with nobody before the answer', async () => {
  const anna = await stage.arrives('Anna', { local: early, before: (p) => p.page.evaluateOnNewDocument(listen).then(() => undefined) });
  const ben = await stage.arrives('Ben', { before: (p) => p.page.evaluateOnNewDocument(listen).then(() => undefined) });
  await anna.seesFriend('Ben', text.people.online);
  await anna.presses(text.people.videoCall('Ben'));
  await ben.presses(text.call.accept);
  await meet([anna, 1], [ben, 2]);
  for (const p of [anna, ben]) {
    const { frames } = await state(p);
    assert.deepEqual(frames.filter((f) => f.kind === 'early' || f.kind === 'warm'), []);
  }
  await anna.presses(text.call.hangUp);
});

/** A caller who wants to learn more than they should. @param {import('./lib/server.mjs').Api} as @param {import('./lib/server.mjs').Api} callee */
async function hostile(as, callee) {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const program = join(tmpdir(), `ringfence-e2e-hostile-${process.pid}`);
  execFileSync('go', ['build', '-o', program, './internal/hostile'], { cwd: root, stdio: 'inherit' });
  const { token } = await as.call('POST', '/login', { handle: as.handle, password, bearer: true });
  const child = spawn(program, ['-server', stage.server.origin, '-token', token, '-to', callee.account], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    /** The next report. */
    next: async () => JSON.parse((await lines.next()).value ?? 'null'),
    stop: async () => {
      child.kill();
      await ended;
      await rm(program, { force: true });
    },
  };
}

for (const on of /** @type {const} */ (['chromium', 'firefox'])) {
  test(`a hostile caller learns and hears nothing of ${on} before the answer`, async () => {
    const ben = await stage.arrives('Ben', { on, local: early, before: (p) => p.page.evaluateOnNewDocument(listen).then(() => undefined) });
    await ben.seesFriend('Anna', text.people.offline);
    const caller = await hostile(stage.api('Anna'), stage.api('Ben'));
    try {
      await ben.finds('button', text.call.accept);
      const linked = await caller.next();
      assert.equal(linked?.state, 'connected');
      const rung = await caller.next();
      assert.equal(rung?.state, 'listened');
      assert.equal(rung.before.media, 0, 'sound or picture before the answer');
      assert.ok(rung.before.other > 0, 'the tap saw nothing at all');
      assert.deepEqual((await state(ben)).asked, [], 'the callee’s devices were asked for before the answer');
      await ben.presses(text.call.accept);
      const got = await caller.next();
      assert.equal(got?.state, 'answered');
      assert.ok(got.after.media > 20, `the tap saw ${got.after.media} packets of media after the answer`);
      assert.equal(got.bait, 0, 'the callee sent to an address that is no relay’s');
      assert.deepEqual(got.leaks, []);
      assert.deepEqual(Object.keys(got.passed).filter((k) => !['progress', 'early', 'warm'].includes(k)), []);
    } finally {
      await caller.stop();
    }
  });
}
