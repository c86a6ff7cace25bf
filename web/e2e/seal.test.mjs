// What is sealed, in both browsers: every vector of Go's and of TypeScript's
// comes out there as in the unit tests, and the browser makes the same bytes.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { launch } from './lib/browsers.mjs';

const vectors = fileURLToPath(new URL('../../signal/seal/testdata/vectors/', import.meta.url));

/** @type {import('node:http').Server} */
let server;
let origin = '';
/** @type {string[]} */
let names = [];

before(async () => {
  names = (await readdir(vectors)).filter((n) => n.endsWith('.json'));
  const made = await build({
    configFile: false,
    logLevel: 'silent',
    build: {
      write: false,
      target: 'es2022',
      lib: { entry: fileURLToPath(new URL('../sdk/test/seal/page.ts', import.meta.url)), formats: ['es'], fileName: 'page' },
    },
  });
  const [{ output }] = /** @type {import('vite').Rolldown.RolldownOutput[]} */ (Array.isArray(made) ? made : [made]);
  const script = output[0].code;
  server = createServer((request, answer) => {
    const path = request.url ?? '/';
    if (path === '/') return void answer.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>seal</title><script type="module" src="/page.js"></script>');
    if (path === '/page.js') return void answer.writeHead(200, { 'content-type': 'text/javascript' }).end(script);
    const name = names.find((n) => path === `/${n}`);
    if (name === undefined) return void answer.writeHead(404).end();
    void readFile(vectors + name).then((b) => answer.writeHead(200, { 'content-type': 'application/json' }).end(b));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  origin = `http://localhost:${typeof address === 'object' && address ? address.port : 0}`;
});
after(() => server?.close());

for (const kind of /** @type {const} */ (['chromium', 'firefox'])) {
  test(`${kind} takes and refuses what is sealed as the unit tests do`, async (t) => {
    const { browser, close } = await launch(kind, { fakeDevices: false });
    t.after(close);
    const page = await browser.newPage();
    await page.goto(origin);
    await page.waitForFunction('window.__seal !== undefined');
    let all = 0;
    for (const name of names) {
      const { cases, faults } = await page.evaluate((n) => window.__seal.faults(`/${n}`), name);
      assert.deepEqual(faults, [], name);
      all += cases;
    }
    const wanted = await Promise.all(names.map(async (n) => JSON.parse(await readFile(vectors + n, 'utf8')).cases.length));
    assert.equal(all, wanted.reduce((a, b) => a + b, 0));
    assert.equal(await page.evaluate(() => window.__seal.madeHere()), await readFile(`${vectors}made-ts.json`, 'utf8'));
    assert.deepEqual(await page.evaluate(() => window.__seal.keys()), { signs: true, leaves: false });
    const { seal, open, log } = await page.evaluate(() => window.__seal.cost(15));
    t.diagnostic(`a ring sealed in ${seal.toFixed(1)} ms, opened in ${open.toFixed(1)} ms; a log of 32 devices read in ${log.toFixed(1)} ms`);
  });
}
