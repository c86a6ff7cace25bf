// The page that tests the relay, as somebody sees it who runs one: each way in
// works, or it says what to do about it.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch } from './lib/browsers.mjs';
import { accessible, fits } from './lib/inspect.mjs';
import { overlaps, reachableByFinger } from './lib/look.mjs';
import { Person } from './lib/person.mjs';
import { startRelay } from './lib/relayed.mjs';
import { freePort } from './lib/server.mjs';
import { until } from './lib/wait.mjs';

const kinds = /** @type {const} */ (['chromium', 'firefox']);
const sizes = [{ name: 'phone', width: 360, height: 740 }, { name: 'desktop', width: 1280, height: 800 }];
const pictures = process.env.RINGFENCE_PICTURES ?? '';

/** @type {import('./lib/relayed.mjs').Relay} */
let relay;
/** Browsers that believe the certificate, and those that don't, or draw in the dark. @type {Record<string, Awaited<ReturnType<typeof launch>>>} */
const browsers = {};

before(async () => {
  relay = await startRelay();
  browsers.chromium = await launch('chromium', { flags: [`--ignore-certificate-errors-spki-list=${relay.pin}`] });
  browsers.firefox = await launch('firefox', { insecureCerts: true });
  browsers.strictChromium = await launch('chromium');
  browsers.strictFirefox = await launch('firefox', { prefs: { 'layout.css.prefers-color-scheme.content-override': 0 } });
});

after(async () => {
  await Promise.all(Object.values(browsers).map((b) => b.close()));
  await relay?.stop();
});

/** @param {string} name @param {{size?: {width: number, height: number}, dark?: boolean, at?: string, before?: (p: Person) => Promise<void>}} [options] */
const opens = (name, { at = relay.admin, ...options } = {}) => Person.arrive(browsers[name].browser, at, { path: '/turn-test', ...options });

/** Presses the button and returns what was said, and the rows. @param {Person} p */
async function tested(p) {
  await p.presses('Test now');
  return until('the results', () => p.page.evaluate(() => {
    const rows = [...document.querySelectorAll('#results tbody tr')].map((r) => [...r.children].map((c) => c.textContent?.trim() ?? ''));
    const busy = document.querySelector('#start')?.getAttribute('aria-disabled') === 'true';
    return !busy && { said: document.querySelector('#status')?.textContent ?? '', rows };
  }), 60_000);
}

/** Looks the page over in each size, and draws it where pictures are wanted. @param {Person} p @param {string} name */
async function looked(p, name) {
  for (const size of sizes) {
    await p.page.setViewport(size);
    await accessible(p, `${name}, ${size.name}`);
    await fits(p, `${name}, ${size.name}`);
    await overlaps(p, `${name}, ${size.name}`);
    await reachableByFinger(p, `${name}, ${size.name}`);
    if (pictures === '') continue;
    await mkdir(pictures, { recursive: true });
    await p.page.screenshot({ path: join(pictures, `${name}-${size.name}.png`), fullPage: true });
  }
}

/** What the page is told of the relay, changed on its way. @param {Record<string, string>} urls what each becomes @param {string} credential */
const told = (urls, credential = '') => (/** @type {Person} */ p) => p.page.evaluateOnNewDocument((swap, word) => {
  const real = window.fetch;
  window.fetch = async (...args) => {
    const answer = await real(...args);
    const pair = await answer.json();
    pair.urls = pair.urls.map((/** @type {string} */ u) => Object.entries(swap).reduce((s, [a, b]) => s.replace(a, b), u));
    if (word) for (const leg of pair.legs) leg.credential = word;
    return Response.json(pair);
  };
}, urls, credential).then(() => undefined);

for (const kind of kinds) {
  test(`each way works, and a second time: ${kind}`, async () => {
    for (const dark of kind === 'chromium' ? [false, true] : [false]) {
      const p = await opens(kind, { dark });
      await p.page.setViewport(sizes[0]);
      assert.ok(!(await p.reads()).includes('What was found'), 'it says what was found before it has looked');
      await looked(p, `${kind}-new${dark ? '-dark' : ''}`);
      for (let time = 0; time < 2; time++) {
        const { said, rows } = await tested(p);
        assert.equal(said, 'All is well: all 3 ways in work from here.', JSON.stringify(rows));
        assert.deepEqual(rows.map((r) => [r[1], r[3]]), Array(3).fill(['Yes', 'Nothing']));
      }
      await looked(p, `${kind}-works${dark ? '-dark' : ''}`);
      await p.leaves();
    }
  });

  test(`who does not believe the certificate is told so: ${kind}`, async () => {
    const strict = kind === 'chromium' ? 'strictChromium' : 'strictFirefox';
    const p = await opens(strict, { dark: kind === 'chromium' });
    const { said, rows } = await tested(p);
    assert.equal(said, '2 of 3 ways in work from here.', JSON.stringify(rows));
    assert.deepEqual(rows.map((r) => r[1]), ['Yes', 'Yes', 'No']);
    assert.match(rows[2][3], /trust the certificate/);
    await looked(p, `${kind}-certificate-dark`);
    await p.leaves();
  });

  test(`what nobody answers is told with its port: ${kind}`, async () => {
    const dead = await freePort();
    const p = await opens(kind, { before: told({ [`:${relay.plain}`]: `:${dead}` }) });
    const { said, rows } = await tested(p);
    assert.equal(said, '1 of 3 ways in works from here.', JSON.stringify(rows));
    assert.ok(rows[0][3].includes(`UDP port ${dead} of localhost`), rows[0][3]);
    assert.ok(rows[1][3].includes(`TCP port ${dead} of localhost`), rows[1][3]);
    assert.equal(rows[2][1], 'Yes');
    await looked(p, `${kind}-silent`);
    await p.leaves();
  });

  test(`a credential that is refused: ${kind}`, async () => {
    const p = await opens(kind, { before: told({}, 'wrong') });
    const { said, rows } = await tested(p);
    assert.equal(said, 'No way in works from here.');
    for (const r of rows) assert.match(r[3], /clocks agree/);
    await looked(p, `${kind}-refused`);
    await p.leaves();
  });

  test(`TLS to an address, which Firefox never tries: ${kind}`, async () => {
    const p = await opens(kind, { before: told({ [`turns:localhost:${relay.sealed}`]: `turns:127.0.0.1:${relay.sealed}` }) });
    p.expected.push(/ICE failed/); // Firefox may say so of the way that it never tries
    const { rows } = await tested(p);
    assert.deepEqual(rows.map((r) => r[1]), ['Yes', 'Yes', kind === 'firefox' ? 'No' : 'Yes'], JSON.stringify(rows));
    if (kind === 'firefox') assert.match(rows[2][3], /to a name alone/);
    await looked(p, `${kind}-address`);
    await p.leaves();
  });

  test(`a relay that takes no more: ${kind}`, async (t) => {
    const full = await startRelay({ args: ['--turn-limits-allocations', '1'] });
    t.after(full.stop);
    const p = await opens(kind, { at: full.admin, before: told({ [`turns:localhost:${full.sealed}?transport=tcp`]: `turn:localhost:${full.plain}?transport=tcp` }) });
    const { rows } = await tested(p);
    for (const r of rows) assert.match(r[3], /takes no more/);
    await p.leaves();
  });

  test(`a server that ends: ${kind}`, async () => {
    const gone = await startRelay();
    const p = await opens(kind, { at: gone.admin });
    p.expected.push(/./);
    await gone.stop();
    await p.presses('Test now');
    await p.sees('The server does not answer. Is it running?');
    await p.leaves();
  });
}
