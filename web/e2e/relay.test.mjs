// The relay as a program of its own, and browsers that know no other way to
// each other: by each way in, told by the program's own counters.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { launch } from './lib/browsers.mjs';
import { freePort, Metrics } from './lib/server.mjs';
import { until, within } from './lib/wait.mjs';

const run = promisify(execFile);
const program = process.env.RINGFENCE_BIN ?? '';
const env = Object.fromEntries(Object.entries(process.env).filter(([k]) => !k.startsWith('RINGFENCE_')));

/** @type {{folder: string, child: import('node:child_process').ChildProcess, plain: number, sealed: number, admin: string, key: string}} */
let relay;
/** @type {Record<string, Awaited<ReturnType<typeof launch>>>} */
const browsers = {};

before(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ringfence-relay-'));
  const file = (/** @type {string} */ name) => join(folder, name);
  await writeFile(file('secret'), '0123456789abcdef0123456789abcdef\n', { mode: 0o600 });
  await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost',
    '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1', '-keyout', file('key.pem'), '-out', file('cert.pem')]);
  const [plain, sealed, admin] = [await freePort(), await freePort(), await freePort()];
  const child = spawn(program, ['relay', '--secret-file', file('secret'), '--turn-listen', `127.0.0.1:${plain},[::1]:${plain}`,
    '--turn-tls-listen', `127.0.0.1:${sealed},[::1]:${sealed}`, '--turn-cert', file('cert.pem'), '--turn-key', file('key.pem'),
    '--turn-public-ip', 'localhost', '--admin-listen', `127.0.0.1:${admin}`, '--turn-drain-time', '0'], { stdio: 'ignore', env });
  const leaf = new X509Certificate(await readFile(file('cert.pem')));
  const key = createHash('sha256').update(leaf.publicKey.export({ type: 'spki', format: 'der' })).digest('base64');
  relay = { folder, child, plain, sealed, admin: `http://localhost:${admin}`, key };
  await until('the relay being ready', async () => (await fetch(`${relay.admin}/readyz`).catch(() => undefined))?.ok);
  browsers.chromium = await launch('chromium', { flags: [`--ignore-certificate-errors-spki-list=${key}`] });
  browsers.firefox = await launch('firefox', { insecureCerts: true });
});

after(async () => {
  await Promise.all(Object.values(browsers).map((b) => b.close()));
  if (!relay) return;
  const ended = once(relay.child, 'exit');
  relay.child.kill('SIGTERM');
  await within('the relay ending', ended, 10_000);
  await rm(relay.folder, { recursive: true, force: true });
});

const metrics = async () => new Metrics(await (await fetch(`${relay.admin}/metrics`)).text());

/** A credential for a leg of a call, minted as an operator does. @param {string} call @param {string} leg */
async function mint(call, leg) {
  const { stdout } = await run(program, ['relay', 'credential', '--secret-file', join(relay.folder, 'secret'), '--call', call, '--leg', leg], { env });
  return { username: /username +(\S+)/.exec(stdout)?.[1] ?? '', credential: /password +(\S+)/.exec(stdout)?.[1] ?? '' };
}

/**
 * Runs in the page: two connections that may use the relay alone, and what a
 * kilobyte took to go there and back a hundred times.
 * @param {{url: string, legs: {username: string, credential: string}[]}} o
 */
async function loop({ url, legs }) {
  const [a, b] = legs.map((leg) => new RTCPeerConnection({ iceServers: [{ urls: url, ...leg }], iceTransportPolicy: 'relay' }));
  /** @type {string[]} */
  const faults = [];
  for (const [one, other] of [[a, b], [b, a]]) {
    one.onicecandidate = (e) => { if (e.candidate) void other.addIceCandidate(e.candidate); };
    one.onicecandidateerror = (e) => faults.push(`${e.errorCode} ${e.errorText}`);
  }
  try {
    const channel = a.createDataChannel('x');
    b.ondatachannel = (e) => { e.channel.onmessage = (m) => e.channel.send(m.data); };
    await a.setLocalDescription();
    await b.setRemoteDescription(/** @type {RTCSessionDescription} */ (a.localDescription));
    await b.setLocalDescription();
    await a.setRemoteDescription(/** @type {RTCSessionDescription} */ (b.localDescription));
    await Promise.race([
      new Promise((done) => { channel.onopen = done; }),
      new Promise((_, no) => { setTimeout(() => no(new Error(`not connected: ${a.iceConnectionState}; ${faults.join(', ')}`)), 15_000); }),
    ]);
    for (let i = 0; i < 100; i++) {
      const back = new Promise((done) => { channel.onmessage = (m) => done(m.data); });
      channel.send('x'.repeat(1000));
      if (await back !== 'x'.repeat(1000)) throw new Error('another message came back');
    }
    const stats = [...(await a.getStats()).values()];
    const transport = stats.find((s) => s.type === 'transport' && s.selectedCandidatePairId);
    const pair = stats.find((s) => s.type === 'candidate-pair' && (s.id === transport?.selectedCandidatePairId || s.selected));
    const [local, remote] = [pair?.localCandidateId, pair?.remoteCandidateId].map((id) => stats.find((s) => s.id === id));
    return { types: [local?.candidateType, remote?.candidateType], over: local?.relayProtocol };
  } finally {
    a.close();
    b.close();
  }
}

/** The ways in. `over` is how the counters call them. */
const ways = [
  { name: 'UDP', url: () => `turn:127.0.0.1:${relay.plain}?transport=udp`, over: 'udp' },
  { name: 'TCP', url: () => `turn:127.0.0.1:${relay.plain}?transport=tcp`, over: 'tcp' },
  // Browsers ask for no address of IPv6 on loopback: that family is the Go clients'.
  { name: 'TLS', url: () => `turns:localhost:${relay.sealed}?transport=tcp`, over: 'tls' },
  // There is no TURN over DTLS in browsers: what asks for it gets TLS.
  { name: 'TLS, asked for DTLS', url: () => `turns:localhost:${relay.sealed}?transport=udp`, over: 'tls' },
  { name: 'TLS at the plain port', url: () => `turns:localhost:${relay.plain}?transport=tcp`, over: 'tls' },
];

for (const on of ['chromium', 'firefox']) {
  for (const way of ways) {
    test(`${on} through the relay over ${way.name}`, async () => {
      const page = await browsers[on].browser.newPage();
      try {
        await page.goto(`${relay.admin}/turn-test`);
        const was = await metrics();
        const call = `e2e-${on}-${way.name.replaceAll(/[ ,]/g, '')}`;
        const got = await page.evaluate(loop, { url: way.url(), legs: [await mint(call, 'a'), await mint(call, 'b')] });
        assert.deepEqual(got.types, ['relay', 'relay']);
        if (got.over !== undefined) assert.equal(got.over, way.over);
        const now = await metrics();
        for (const transport of ['udp', 'tcp', 'tls', 'dtls']) {
          const grown = (/** @type {string} */ name) => now.total(name, { transport }) - was.total(name, { transport });
          const [made, carried] = [grown('ringfence_relay_listener_allocations_total'), grown('ringfence_relay_listener_received_bytes_total')];
          if (transport === way.over) {
            assert.ok(made >= 2 && carried > 200_000, `${transport}: ${made} allocations, ${carried} bytes`);
          } else {
            assert.deepEqual([transport, made, carried], [transport, 0, 0]);
          }
        }
      } finally {
        await page.close();
      }
    });
  }

  test(`${on} tests the relay by its page`, async () => {
    const page = await browsers[on].browser.newPage();
    try {
      await page.setViewport({ width: 360, height: 740 });
      await page.goto(`${relay.admin}/turn-test`);
      await page.click('#start');
      const rows = await until('the results', () => page.evaluate(() => {
        const all = [...document.querySelectorAll('#results tbody tr')].map((r) => r.textContent ?? '');
        const button = document.querySelector('#start');
        return all.length > 0 && !all.some((r) => r.includes('…')) && button instanceof HTMLButtonElement && !button.disabled && all;
      }), 60_000);
      assert.ok(rows.length >= 3, rows.join('\n'));
      for (const row of rows) assert.match(row, /Yes/);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(wide, 0, 'the page is wider than a phone');
    } finally {
      await page.close();
    }
  });
}
