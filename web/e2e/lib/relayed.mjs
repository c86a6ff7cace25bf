// The relay as a program of its own, and what a page does that knows no other
// way than through it.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort, Metrics } from './server.mjs';
import { until, within } from './wait.mjs';

const run = promisify(execFile);
const program = process.env.RINGFENCE_BIN ?? '';
const env = Object.fromEntries(Object.entries(process.env).filter(([k]) => !k.startsWith('RINGFENCE_')));

/** A secret file's line. */
export const secret = '0123456789abcdef0123456789abcdef\n';

/** What Chromium wants to be told to believe a certificate that nobody has signed. @param {X509Certificate} leaf */
export const pinOf = (leaf) => createHash('sha256').update(leaf.publicKey.export({ type: 'spki', format: 'der' })).digest('base64');

/**
 * startRelay runs `ringfence relay` with a certificate of its own at addresses
 * of this machine, until stop is called.
 * @param {{hosts?: string[], args?: string[]}} [options]
 */
export async function startRelay({ hosts = ['127.0.0.1', '[::1]'], args = [] } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'ringfence-relay-'));
  const file = (/** @type {string} */ name) => join(folder, name);
  await writeFile(file('secret'), secret, { mode: 0o600 });
  await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost',
    '-addext', `subjectAltName=DNS:localhost,${hosts.map((h) => `IP:${h.replaceAll(/[[\]]/g, '')}`).join()}`, '-keyout', file('key.pem'), '-out', file('cert.pem')]);
  const [plain, sealed, port] = [await freePort(), await freePort(), await freePort()];
  const child = spawn(program, ['relay', '--secret-file', file('secret'), '--turn-listen', hosts.map((h) => `${h}:${plain}`).join(),
    '--turn-tls-listen', hosts.map((h) => `${h}:${sealed}`).join(), '--turn-cert', file('cert.pem'), '--turn-key', file('key.pem'),
    '--turn-public-ip', 'localhost', '--admin-listen', `127.0.0.1:${port}`, '--turn-drain-time', '0', ...args], { stdio: ['ignore', 'pipe', 'pipe'], env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (b) => { output += b; });
  const admin = `http://localhost:${port}`;
  const pin = pinOf(new X509Certificate(await readFile(file('cert.pem'))));
  const stop = async () => {
    const ended = once(child, 'exit');
    if (child.exitCode === null && child.kill('SIGTERM')) await within('the relay ending', ended, 10_000).catch((err) => { child.kill('SIGKILL'); throw err; });
    await rm(folder, { recursive: true, force: true });
    assert.doesNotMatch(output, /panic|DATA RACE/);
  };
  try {
    await until('the relay being ready', async () => {
      if (child.exitCode !== null) return true;
      return (await fetch(`${admin}/readyz`)).ok;
    });
    assert.equal(child.exitCode, null, 'the relay ended');
  } catch (err) {
    await stop();
    throw new Error(`the relay did not start:\n${output}`, { cause: err });
  }
  return {
    plain, sealed, admin, pin, stop, signal: (/** @type {NodeJS.Signals} */ s) => child.kill(s),
    metrics: async () => new Metrics(await (await fetch(`${admin}/metrics`)).text()),
    legs: async (/** @type {string} */ call) => [await mint(file('secret'), call, 'a'), await mint(file('secret'), call, 'b')],
  };
}

/** @typedef {Awaited<ReturnType<typeof startRelay>>} Relay */

/** A credential for a leg of a call, minted as an operator does. @param {string} secretFile @param {string} call @param {string} leg */
export async function mint(secretFile, call, leg) {
  const { stdout } = await run(program, ['relay', 'credential', '--secret-file', secretFile, '--call', call, '--leg', leg], { env });
  return { username: /username +(\S+)/.exec(stdout)?.[1] ?? '', credential: /password +(\S+)/.exec(stdout)?.[1] ?? '' };
}

/**
 * Runs in the page: two connections that may use the relay alone, and what a
 * kilobyte took to go there and back a hundred times.
 * @param {{url: string, legs: {username: string, credential: string}[]}} o
 */
export async function loop({ url, legs }) {
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

/**
 * relayed makes the loop in a page, and asserts by the program's counters that
 * all of it went in over one transport, and nothing over another.
 * @param {import('puppeteer-core').Page} page
 * @param {{url: string, legs: {username: string, credential: string}[], over: string, metrics: () => Promise<Metrics>}} o
 */
export async function relayed(page, { url, legs, over, metrics }) {
  const was = await metrics();
  const got = await page.evaluate(loop, { url, legs });
  assert.deepEqual(got.types, ['relay', 'relay']);
  if (got.over !== undefined) assert.equal(got.over, over);
  const now = await metrics();
  for (const transport of ['udp', 'tcp', 'tls', 'dtls']) {
    const grown = (/** @type {string} */ name) => now.total(name, { transport }) - was.total(name, { transport });
    const [made, carried] = [grown('ringfence_relay_listener_allocations_total'), grown('ringfence_relay_listener_received_bytes_total')];
    if (transport === over) {
      assert.ok(made >= 2 && carried > 200_000, `${transport}: ${made} allocations, ${carried} bytes`);
    } else {
      assert.deepEqual([transport, made, carried], [transport, 0, 0]);
    }
  }
}
