// From another device in the same network: the plain address explains how to
// trust this server, and the HTTPS address, with a certificate of the server's
// own authority, is a secure context from which one signs in and calls.

import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { after, before, test } from 'node:test';
import { connect } from 'node:tls';
import { once } from 'node:events';
import { launch } from './lib/browsers.mjs';
import { Person } from './lib/person.mjs';
import { password, signUpFriends, startServer } from './lib/server.mjs';
import { meet, startCall } from './lib/stage.mjs';
import { text } from './lib/text.mjs';
import { until } from './lib/wait.mjs';

const lan = Object.values(networkInterfaces()).flat().find((a) => a && !a.internal && a.family === 'IPv4')?.address ?? '';

/** @type {import('./lib/server.mjs').Server} */
let server;
/** @type {Awaited<ReturnType<typeof signUpFriends>>} */
let accounts;
before(async () => {
  assert.notEqual(lan, '', 'this machine has no address in a network');
  server = await startServer({ tls: true });
  accounts = await signUpFriends(server, ['Anna', 'Ben']);
});
after(() => server?.stop());

/** The authority's certificate, as a phone downloads it, and the server's own, checked against it. */
async function certificates() {
  const answer = await fetch(`http://${lan}:${server.ports.http}/trust/ringfence.crt`);
  assert.equal(answer.headers.get('content-type'), 'application/x-x509-ca-cert');
  const authority = new X509Certificate(Buffer.from(await answer.arrayBuffer()));
  const socket = connect({ host: lan, port: server.ports.tls, ca: authority.toString() });
  await once(socket, 'secureConnect');
  const leaf = new X509Certificate(socket.getPeerCertificate(true).raw);
  assert.ok(socket.authorized, String(socket.authorizationError));
  socket.destroy();
  return { authority, leaf };
}

test('the plain address of the network says how to trust this server', async (t) => {
  const { authority } = await certificates();
  const { browser, close } = await launch('chromium');
  t.after(close);
  const phone = await Person.arrive(browser, `http://${lan}:${server.ports.http}`, { path: '/', size: { width: 360, height: 740 } });
  await phone.sees('Two steps to your first call');
  assert.ok((await phone.reads()).replace(/[^0-9A-F]/gi, '').toUpperCase().includes(authority.fingerprint256.replaceAll(':', '')), 'the fingerprint is not on the page');
  const wide = await phone.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(wide, 0, 'the page is wider than a phone');
  const link = await phone.finds('link', 'Open Ringfence');
  assert.equal(await link.evaluate((a) => /** @type {HTMLAnchorElement} */ (a).href), `https://${lan}:${server.ports.tls}/`);
  await phone.leaves();
});

test('over https both browsers have camera and microphone, and call', async (t) => {
  const { leaf } = await certificates();
  const key = createHash('sha256').update(leaf.publicKey.export({ type: 'spki', format: 'der' })).digest('base64');
  const chromium = await launch('chromium', { flags: [`--ignore-certificate-errors-spki-list=${key}`] });
  t.after(chromium.close);
  const firefox = await launch('firefox', { insecureCerts: true });
  t.after(firefox.close);
  const origin = `https://${lan}:${server.ports.tls}`;

  const people = [];
  for (const [i, { browser }] of [chromium, firefox].entries()) {
    const p = await Person.arrive(browser, origin, { devices: { side: i + 1 }, path: '/login' });
    p.expected.push(/\b401\b/);
    assert.equal(await p.page.evaluate(() => window.isSecureContext && navigator.mediaDevices !== undefined), true);
    await p.writes(text.login.handle, accounts[i].handle);
    await p.writes(text.login.password, password);
    await p.presses(text.login.submit);
    await p.finds('button', text.people.videoCall(accounts[1 - i].name));
    people.push(p);
  }
  const [anna, ben] = people;
  const cookies = await anna.context.cookies();
  assert.deepEqual(cookies.map((c) => [c.name, c.secure, c.httpOnly, c.sameSite]), [['__Host-ringfence', true, true, 'Strict']]);
  await anna.seesFriend('Ben', text.people.online);
  await startCall(anna, ben, 'Ben');
  await meet([anna, 1], [ben, 2]);
  await anna.presses(text.call.hangUp);
  await until('the end on the other side', async () => (await ben.reads()).includes(text.call.ended.hangup.title));
  await anna.leaves();
  await ben.leaves();
});
