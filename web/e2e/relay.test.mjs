// The relay, and browsers that know no other way to each other: by each way
// in, told by the program's own counters.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect } from 'node:tls';
import { launch } from './lib/browsers.mjs';
import { mint, pinOf, relayed, secret, startRelay } from './lib/relayed.mjs';
import { startServer } from './lib/server.mjs';

const kinds = /** @type {const} */ (['chromium', 'firefox']);

// Browsers ask for no relay of IPv6 on loopback: it wants a network that has it.
const own = process.env.RINGFENCE_E2E_OWN_NETWORK === '1';
const [device, six] = ['ringfence0', 'fd77::1'];
const ip = (/** @type {string[]} */ ...args) => own && execFileSync('ip', ['-6', ...args]);

/** @type {import('./lib/relayed.mjs').Relay} */
let relay;
/** @type {import('./lib/server.mjs').Server & {pin: string, secret: string, host: string}} */
let server;
/** @type {Record<string, Awaited<ReturnType<typeof launch>>>} */
const browsers = {};

/** The whole server, which has the relay at its port of HTTPS too. */
async function startWhole() {
  const host = Object.values(networkInterfaces()).flat().find((a) => a && !a.internal && a.family === 'IPv4')?.address ?? '';
  const file = join(process.env.TMPDIR ?? '/tmp', `ringfence-e2e-secret-${process.pid}`);
  await writeFile(file, secret, { mode: 0o600 });
  const s = await startServer({ tls: true, args: ['--turn-secret-file', file] });
  const socket = connect({ host, port: s.ports.tls, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const pin = pinOf(new X509Certificate(socket.getPeerCertificate(true).raw));
  socket.destroy();
  return Object.assign(s, { pin, secret: file, host });
}

before(async () => {
  ip('addr', 'add', `${six}/64`, 'dev', device, 'nodad');
  ip('route', 'add', 'default', 'dev', device, 'src', six);
  relay = await startRelay({ hosts: ['127.0.0.1', '[::1]', ...(own ? [`[${six}]`] : [])] });
  server = await startWhole();
  browsers.chromium = await launch('chromium', { flags: [`--ignore-certificate-errors-spki-list=${relay.pin},${server.pin}`] });
  browsers.firefox = await launch('firefox', { insecureCerts: true });
});

after(async () => {
  await Promise.all(Object.values(browsers).map((b) => b.close()));
  await relay?.stop();
  await server?.stop();
  if (server) await rm(server.secret, { force: true });
  ip('addr', 'del', `${six}/64`, 'dev', device);
});

/** The ways in. `over` is how the counters call them. */
const ways = [
  { name: 'UDP', url: () => `turn:127.0.0.1:${relay.plain}?transport=udp`, over: 'udp' },
  { name: 'TCP', url: () => `turn:127.0.0.1:${relay.plain}?transport=tcp`, over: 'tcp' },
  { name: 'TLS', url: () => `turns:localhost:${relay.sealed}?transport=tcp`, over: 'tls' },
  // There is no TURN over DTLS in browsers: what asks for it gets TLS.
  { name: 'TLS, asked for DTLS', url: () => `turns:localhost:${relay.sealed}?transport=udp`, over: 'tls' },
  { name: 'TLS at the plain port', url: () => `turns:localhost:${relay.plain}?transport=tcp`, over: 'tls' },
  { name: 'UDP of IPv6', url: () => `turn:[${six}]:${relay.plain}?transport=udp`, over: 'udp', skip: !own },
  { name: 'TCP of IPv6', url: () => `turn:[${six}]:${relay.plain}?transport=tcp`, over: 'tcp', skip: !own },
  // Firefox does TLS with names alone, never with an address.
  { name: 'TLS of IPv6', url: () => `turns:[${six}]:${relay.sealed}?transport=tcp`, over: 'tls', skip: !own, not: 'firefox' },
];

for (const on of kinds) {
  for (const { name, url, over, skip = false, not = '' } of ways) {
    test(`${on} through the relay over ${name}`, { skip: skip || on === not }, async () => {
      const page = await browsers[on].browser.newPage();
      try {
        await page.goto(`${relay.admin}/turn-test`);
        await relayed(page, { url: url(), over, legs: await relay.legs(`e2e-${on}-${name.replaceAll(/[ ,]/g, '')}`), metrics: relay.metrics });
      } finally {
        await page.close();
      }
    });
  }

  test(`${on} through the port of HTTPS, which it serves pages at, too`, async () => {
    const page = await browsers[on].browser.newPage();
    try {
      await page.goto(`https://${server.host}:${server.ports.tls}/`);
      const legs = [await mint(server.secret, `https-${on}`, 'a'), await mint(server.secret, `https-${on}`, 'b')];
      await relayed(page, { url: `turns:localhost:${server.ports.tls}?transport=tcp`, over: 'tls', legs, metrics: server.metrics });
      assert.equal((await page.reload())?.status(), 200);
    } finally {
      await page.close();
    }
  });
}
