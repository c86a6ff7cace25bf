// The engine of Safari, in Debian's WebKitGTK: every screen but the call, and
// the cryptography that the project leans on, there and in the other two. That
// build has no WebRTC, so no call can be made in it; calls in Safari stay untested.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build, runnerImport } from 'vite';
import { launch } from './lib/browsers.mjs';
import { accessible, fits } from './lib/inspect.mjs';
import { overlaps, settled } from './lib/look.mjs';
import { Person } from './lib/person.mjs';
import { addresses, goes, patterns, recipes } from './lib/places.mjs';
import { Api, password, startServer } from './lib/server.mjs';
import { catalogue, text } from './lib/text.mjs';
import { Findings } from './lib/tour.mjs';
import { launchWebKit, missing } from './lib/webkit.mjs';

const skip = missing();
if (skip) console.error(`SKIPPED: nothing is tested in WebKit: ${skip}.`);

/** @type {import('./lib/server.mjs').Server} */
let server;
/** @type {Awaited<ReturnType<typeof launchWebKit>>} */
let webkit;
/** @type {Api} */
let anna;
before(async () => {
  server = await startServer();
  if (skip) return;
  anna = await new Api(server.origin, 'Anna').signUp(await server.ownerInvite());
  webkit = await launchWebKit(server.origin);
});
after(async () => {
  await webkit?.close();
  await server?.stop();
});

test('the first run in WebKit, from an invitation to a link of one’s own', { skip }, async () => {
  const p = webkit.window;
  await p.open('/');
  await p.sees(text.login.title);
  await p.finds('textbox', text.login.handle);
  await p.finds('button', text.login.submit);

  await p.open(`/invite#${await anna.invite()}`);
  await p.sees(text.invite.from('Anna'));
  await p.presses(text.invite.begin);
  await p.writes(text.invite.name, 'Ben');
  await p.presses(text.invite.next);
  await p.writes(text.password.label, 'password1');
  await p.sees(text.password.scores[0]);
  await p.writes(text.password.label, password);
  await p.sees(text.password.scores[4]);
  await p.presses(text.invite.create);
  await p.sees(text.invite.doneTitle('Ben'));
  await p.presses(text.invite.doneHome);
  await p.sees('Anna');

  await p.presses(text.people.add, 'link');
  await p.presses(text.people.makeLink);
  assert.match(await p.written(text.people.link), new RegExp(`^${server.origin}/invite#`));
  assert.ok(await p.evaluate((label) => [...document.querySelectorAll('svg, canvas, img')].some((e) => e.getAttribute('aria-label') === label && e.getBoundingClientRect().width >= 120), text.people.qr), 'no QR picture');

});

test('every place in WebKit, on a desktop and a phone, and in Arabic', { skip }, async () => {
  const p = webkit.window;
  const ben = (await anna.call('GET', '/friends')).friends[0];
  assert.equal(ben.display_name, 'Ben');
  const me = { api: () => ({ account: anna.account }) };
  const found = new Findings();
  const all = patterns.flatMap(({ pattern, route }) => addresses(pattern, /** @type {any} */ (me)).map((path) => ({ route, path }))).filter(({ route }) => !recipes[route].out);
  assert.ok(all.length > 12, `${all.length} places`);
  await p.open('/');
  await p.finds('link', /^Anna/);
  for (const [tag, width] of /** @type {const} */ ([['en', 1280], ['en', 400], ['ar', 400]])) {
    const t = await catalogue(tag);
    await p.command('POST', '/window/rect', { x: 0, y: 0, width, height: 900 });
    await p.evaluate((l) => localStorage.setItem('ringfence.lang', l), tag);
    await p.open('/');
    await p.finds('link', /^Anna/);
    for (const { route, path } of all) {
      await goes(/** @type {any} */ (p), path);
      for (const words of /people|friend/.test(route) ? ['Anna'] : recipes[route].empty?.(t) ?? recipes[route].full(t)) await p.sees(words);
      assert.equal(await p.evaluate(() => document.documentElement.dir), t.meta.dir);
      await settled(/** @type {any} */ (p));
      for (const look of [fits, overlaps, accessible]) await found.add(look(/** @type {any} */ (p), `${path} in ${tag}, ${width} px`));
    }
  }
  await p.evaluate(() => localStorage.removeItem('ringfence.lang'));
  await p.command('POST', '/window/rect', { x: 0, y: 0, width: 1280, height: 900 });
  found.none();
});

test('a call in WebKit without WebRTC ends in words', { skip }, async (t) => {
  const p = webkit.window;
  if (await p.evaluate(() => 'RTCPeerConnection' in window)) {
    t.diagnostic('this WebKit has WebRTC');
    return;
  }
  await p.open('/');
  await p.presses(text.people.videoCall('Anna'));
  await p.sees(text.errors.codes.no_calls);
  assert.equal(await p.look('button', text.call.cancel), null);
});

/** Runs in the page: what of the cryptography there is works, told by name. */
async function cryptography() {
  const subtle = crypto.subtle;
  const message = new TextEncoder().encode('a message');
  const same = (/** @type {ArrayBuffer} */ a, /** @type {ArrayBuffer} */ b) => new Uint8Array(a).join() === new Uint8Array(b).join();
  const ask = (/** @type {IDBRequest} */ r) => new Promise((done, fail) => {
    r.onsuccess = () => done(r.result);
    r.onerror = () => fail(r.error);
  });
  /** Whether IndexedDB gives back what was put into it. */
  const kept = async (/** @type {CryptoKey} */ key) => {
    const open = indexedDB.open('smoke', 1);
    open.onupgradeneeded = () => open.result.createObjectStore('keys');
    const db = await ask(open);
    await ask(db.transaction('keys', 'readwrite').objectStore('keys').put(key, 'own'));
    const back = await ask(db.transaction('keys').objectStore('keys').get('own'));
    db.close();
    return back?.algorithm?.name === key.algorithm.name && back.extractable === false;
  };
  /** @type {Record<string, () => Promise<boolean>>} */
  const parts = {
    'random': async () => new Set(Array.from({ length: 64 }, () => crypto.getRandomValues(new Uint32Array(4)).join())).size === 64,
    'Ed25519': async () => {
      const pair = await subtle.generateKey('Ed25519', false, ['sign', 'verify']);
      const signature = await subtle.sign('Ed25519', pair.privateKey, message);
      const forged = new Uint8Array(signature).map((b, i) => (i === 9 ? b ^ 1 : b));
      return await subtle.verify('Ed25519', pair.publicKey, signature, message) && !await subtle.verify('Ed25519', pair.publicKey, forged, message);
    },
    'X25519': async () => {
      const a = await subtle.generateKey('X25519', false, ['deriveBits']), b = await subtle.generateKey('X25519', false, ['deriveBits']);
      const ab = await subtle.deriveBits({ name: 'X25519', public: b.publicKey }, a.privateKey, 256);
      return same(ab, await subtle.deriveBits({ name: 'X25519', public: a.publicKey }, b.privateKey, 256)) && ab.byteLength === 32;
    },
    'AES-GCM': async () => {
      const key = await subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
      const how = { name: 'AES-GCM', iv: crypto.getRandomValues(new Uint8Array(12)), additionalData: message };
      const sealed = await subtle.encrypt(how, key, message);
      const broken = new Uint8Array(sealed).map((b, i) => (i === 0 ? b ^ 1 : b));
      return same(await subtle.decrypt(how, key, sealed), message.buffer) && await subtle.decrypt(how, key, broken).then(() => false, () => true);
    },
    'HKDF': async () => (await subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt: message, info: message }, await subtle.importKey('raw', message, 'HKDF', false, ['deriveBits']), 256)).byteLength === 32,
    'an AES key kept': async () => kept(await subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt'])),
    'an Ed25519 key kept': async () => kept((await subtle.generateKey('Ed25519', false, ['sign', 'verify'])).privateKey),
    'an X25519 key kept': async () => kept((await subtle.generateKey('X25519', false, ['deriveBits'])).privateKey),
    'ML-KEM-768': async () => Boolean(await subtle.generateKey('ML-KEM-768', false, ['encapsulateBits', 'decapsulateBits'])),
    'WebRTC': async () => 'RTCPeerConnection' in globalThis,
    'camera and microphone': async () => typeof navigator.mediaDevices?.getUserMedia === 'function',
    'service workers': async () => 'serviceWorker' in navigator,
    'WebAssembly': async () => typeof WebAssembly === 'object',
    'trusted types': async () => 'trustedTypes' in globalThis,
  };
  /** @type {Record<string, string>} */
  const out = {};
  for (const [name, run] of Object.entries(parts)) out[name] = await run().then((ok) => (ok ? 'yes' : 'no'), (e) => `no (${e.name})`);
  return out;
}

/** What any browser must have. */
const needed = ['random', 'Ed25519', 'X25519', 'AES-GCM', 'HKDF', 'an AES key kept', 'an Ed25519 key kept'];

/** @param {Record<string, string>} found @param {string} version @param {import('node:test').TestContext} t */
function judged(found, version, t) {
  for (const name of needed) assert.equal(found[name], 'yes', name);
  const lacks = Object.keys(found).filter((n) => found[n] !== 'yes');
  t.diagnostic(`${version} lacks: ${lacks.map((n) => (found[n] === 'no' ? n : `${n} ${found[n].slice(3)}`)).join(', ') || 'nothing of what was looked for'}`);
}

test('the cryptography in WebKit', { skip }, async (t) => {
  const p = webkit.window;
  await p.open('/login');
  judged(await p.evaluate(cryptography), p.version, t);
});

for (const kind of /** @type {const} */ (['chromium', 'firefox'])) {
  test(`the same cryptography in ${kind}`, async (t) => {
    const { browser, version, close } = await launch(kind);
    t.after(close);
    const p = await Person.arrive(browser, server.origin, { path: '/login' });
    judged(await p.page.evaluate(cryptography), version, t);
  });
}

test('the SDK’s texts in WebKit', { skip }, async () => {
  const entry = fileURLToPath(new URL('../sdk/src/text.ts', import.meta.url));
  const built = await build({ configFile: false, logLevel: 'error', build: { write: false, minify: false, lib: { entry, formats: ['iife'], name: 'sdkText' } } });
  const code = /** @type {any} */ (Array.isArray(built) ? built[0] : built).output[0].code;
  const sdk = (await runnerImport(entry, { configFile: false, logLevel: 'error' })).module;
  const values = [{}, [1, -0.5, 1e21, null, true], { name: 'Zoë', words: 'שלום 👋🏽 \u0000 \u2028', deep: { a: [{ b: '' }] } }, 'x'.repeat(100_000)];
  const sealed = values.map((v) => sdk.sealJSON(v));
  const bytes = Array.from({ length: 40 }, (_, i) => [...randomBytes(i)]);
  const p = webkit.window;
  await p.open('/login');
  const there = await p.command('POST', '/execute/sync', {
    script: `${code}
      const [values, sealed, bytes] = arguments;
      const refuses = (f) => { try { return f() === undefined; } catch { return true; } };
      return {
        seals: values.map((v) => sdkText.sealJSON(v)),
        opens: sealed.map((s) => sdkText.openJSON(s)),
        spells: bytes.map((b) => sdkText.toBase64url(Uint8Array.from(b))),
        refused: ['=', 'AB', '!!!!', 'bnVs', 'gICA', 'eyJhIjoxLCJhIjoyfQ'].map((s) => refuses(() => sdkText.openJSON(s))),
        ids: Array.from({ length: 200 }, () => sdkText.newId()).filter((id) => sdkText.isId(id)),
      };`,
    args: [values, sealed, bytes],
  });
  assert.deepEqual(there.seals, sealed, 'WebKit seals as Node does');
  assert.deepEqual(there.opens, values, 'WebKit opens what Node sealed');
  assert.deepEqual(there.spells, bytes.map((b) => Buffer.from(b).toString('base64url')));
  assert.deepEqual(there.refused, there.refused.map(() => true), 'what is no sealed text is refused');
  assert.equal(new Set(there.ids).size, 200);
});
