// What the client costs a person: bytes, time to the first paint, time from a
// press to what it shows, work that holds the page up during a call. Writes
// docs/bench-client.json and docs/bench-client.md. Not a test: run it by
// `make bench-client` on a machine that does nothing else.

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { report } from './lib/client-report.mjs';
import { crowd } from './lib/crowd.mjs';
import { setStage, startCall } from './lib/stage.mjs';
import { text } from './lib/text.mjs';
import { until } from './lib/wait.mjs';

/** @typedef {import('./lib/person.mjs').Person} Person */

const visits = Number(process.env.BENCH_VISITS ?? 5);
const rounds = Number(process.env.BENCH_ROUNDS ?? 3); // of presses, all sizes and speeds in turn
const talk = Number(process.env.BENCH_TALK ?? 20); // seconds of a call
const docs = process.env.BENCH_OUT ?? fileURLToPath(new URL('../../docs/', import.meta.url));

/** Networks as Lighthouse and DevTools name them: bytes a second, and milliseconds for a round trip. */
const networks = {
  'no limit': undefined,
  'fast 4G': { downloadThroughput: 9e6 / 8, uploadThroughput: 1.5e6 / 8, latency: 60 },
  'slow 4G': { downloadThroughput: 1.6e6 / 8, uploadThroughput: 0.75e6 / 8, latency: 150 },
};
const processors = [1, 4];

/** Runs in each new page: keeps what the browser tells of how it fares. */
function watchPage() {
  const kept = { tasks: [], shifts: 0, events: [], largest: 0 };
  window.__cost = kept;
  const on = (type, fn, more = {}) => new PerformanceObserver((list) => list.getEntries().forEach(fn)).observe({ type, buffered: true, ...more });
  on('longtask', (e) => kept.tasks.push({ at: e.startTime, ms: e.duration }));
  on('layout-shift', (e) => { if (!e.hadRecentInput) kept.shifts += e.value; });
  on('largest-contentful-paint', (e) => { kept.largest = e.startTime; });
  on('event', (e) => { if (e.interactionId > 0) kept.events.push({ id: e.interactionId, ms: e.duration }); }, { durationThreshold: 16 });
}

const stage = await setStage({ names: ['Anna', 'Ben'], launch: { flags: ['--js-flags=--expose-gc'] } });
const probe = await stage.enter().then(() => stage.arrives('Ben', { api: undefined, path: '/login' }));
const versions = stage.versions;
probe.expected.push(/401/);

/** One visit to the sign-in page. @param {Person} p @param {keyof typeof networks} network @param {number} slower */
async function visit(p, network, slower) {
  const session = await p.page.createCDPSession();
  await session.send('Network.enable');
  const limits = networks[network];
  if (limits) await session.send('Network.emulateNetworkConditions', { offline: false, ...limits });
  await session.send('Emulation.setCPUThrottlingRate', { rate: slower });
  await p.open('/login');
  const ready = await p.page.evaluate((label) => new Promise((done) => {
    const look = () => ([...document.querySelectorAll('button')].some((b) => b.textContent.includes(label)) ? done(performance.now()) : requestAnimationFrame(look));
    look();
  }), text.login.submit);
  await pause(400); // the last shift and the largest paint are told a little later
  const seen = await p.page.evaluate(() => {
    const [page] = performance.getEntriesByType('navigation');
    const first = performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0;
    const files = performance.getEntriesByType('resource').map((r) => ({ path: new URL(r.name).pathname, bytes: r.encodedBodySize, sent: r.transferSize }));
    return { document: page.responseEnd, first, largest: window.__cost.largest, shifts: window.__cost.shifts, blocked: window.__cost.tasks.reduce((n, t) => n + Math.max(0, t.ms - 50), 0), files, html: page.encodedBodySize };
  });
  await session.detach();
  return { ...seen, ready };
}

async function paints() {
  const results = [];
  let files = [];
  for (const network of Object.keys(networks)) {
    for (const slower of processors) {
      for (const warm of [false, true]) {
        const seen = [];
        for (let i = 0; i < visits; i++) {
          const p = await stage.arrives('Ben', { api: undefined, path: '/licences.txt' });
          p.expected.push(/401/);
          await p.page.evaluateOnNewDocument(watchPage);
          if (warm) {
            await p.open('/login');
            await p.finds('button', text.login.submit, 20_000);
            await p.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
          }
          seen.push(await visit(p, /** @type {keyof typeof networks} */ (network), slower));
          p.gone = true;
          await p.context.close();
        }
        if (!warm && network === 'no limit' && slower === 1) files = [{ path: '/login', bytes: seen[0].html }, ...seen[0].files];
        results.push({ network, slower, warm, visits: seen.map(({ document, first, largest, ready, shifts, blocked }) => ({ document, first, largest, ready, shifts, blocked })) });
        console.log(network, slower, warm ? 'again' : 'first', seen.map((s) => Math.round(s.first)).join(' '));
      }
    }
  }
  return { files, results };
}

/** What a press takes among so many friends. @param {number} count @param {number} slower */
async function presses(count, slower) {
  const p = await stage.arrives('Anna', { path: '/login' });
  await crowd(p.page, stage.api('Anna'), count - 2);
  await p.page.evaluateOnNewDocument(watchPage);
  await p.open('/');
  await p.finds('link', /^Ben/);
  const session = await p.page.createCDPSession();
  await session.send('Emulation.setCPUThrottlingRate', { rate: slower });
  const rows = await p.page.evaluate(() => document.querySelectorAll('.virtual > li').length);
  for (let round = 0; round < 3; round++) {
    await p.presses(/^Ben/, 'link');
    await p.finds('heading', 'Ben');
    const search = await p.finds('textbox', text.people.search);
    await search.click();
    for (const key of '0333') await p.page.keyboard.type(key);
    await p.page.keyboard.press('Escape');
    await p.page.evaluate(() => { document.querySelector('.virtual')?.closest('[data-scrolls]')?.scrollBy(0, 9_000); });
    await pause(150);
    await p.page.evaluate(() => { document.querySelector('.virtual')?.closest('[data-scrolls]')?.scrollTo(0, 0); });
    await pause(150);
    await p.presses(text.app.calls, 'link');
    await p.presses(text.app.people, 'link');
  }
  await pause(500);
  const cost = await p.page.evaluate(() => ({ ...window.__cost, all: performance.interactionCount, heap: performance.memory.usedJSHeapSize }));
  await session.detach();
  p.gone = true;
  await p.context.close();
  const slowest = new Map(); // a press is several events: the longest counts
  for (const { id, ms } of cost.events) slowest.set(id, Math.max(ms, slowest.get(id) ?? 0));
  const told = [...slowest.values()];
  return { count, slower, rows, presses: [...told, ...Array(Math.max(0, cost.all - told.length)).fill(8)], shifts: cost.shifts, heap: cost.heap };
}

/** Seconds of processor that a process and all that it started have taken. @param {number} root */
async function processor(root) {
  const all = new Map();
  for (const id of await readdir('/proc')) {
    if (!/^[0-9]+$/.test(id)) continue;
    const stat = await readFile(`/proc/${id}/stat`, 'utf8').catch(() => '');
    const f = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (f.length > 13) all.set(Number(id), { parent: Number(f[1]), ticks: Number(f[11]) + Number(f[12]) });
  }
  const below = (/** @type {number} */ id) => id === root || (all.has(id) && id > 1 && below(all.get(id).parent));
  return [...all].filter(([id]) => below(id)).reduce((n, [, x]) => n + x.ticks, 0) / 100; // USER_HZ
}

/**
 * What holds the page up during a call, with the browser's own fake devices:
 * ours are drawn by the page itself. Both sides run in one browser; with
 * effects, one of them blurs and quiets.
 * @param {boolean} effects
 */
async function call(effects) {
  await stage.enter();
  const local = effects ? { 'ringfence.blur': 'yes', 'ringfence.noise': 'yes' } : {};
  const anna = await stage.arrives('Anna', { real: true, local }), ben = await stage.arrives('Ben', { real: true });
  await anna.page.evaluateOnNewDocument(watchPage);
  await anna.page.reload();
  await anna.seesFriend('Ben', text.people.online);
  const heap = () => anna.page.evaluate(() => {
    globalThis.gc?.();
    return performance.memory.usedJSHeapSize;
  });
  const before = await heap();
  await startCall(anna, ben, 'Ben');
  await anna.sees(text.call.direct, 20_000);
  await pause(3_000); // a model that is switched on has come
  const begun = await anna.page.evaluate(() => performance.now());
  const browser = anna.page.browser().process()?.pid ?? 0;
  const first = await processor(browser);
  await pause(talk * 1000);
  const cores = ((await processor(browser)) - first) / talk;
  const framesPerSecond = await anna.page.evaluate(async () => {
    let rate;
    (await window.__probe.connections.at(-1).getStats()).forEach((s) => { if (s.type === 'outbound-rtp' && s.kind === 'video') rate = s.framesPerSecond; });
    return rate;
  });
  const { tasks, shifts } = await anna.page.evaluate(() => window.__cost);
  const after = await heap();
  await ben.presses(text.call.hangUp);
  await until('the end', async () => (await anna.reads()).includes(text.call.ended.hangup.title));
  await stage.leave();
  return { effects, seconds: talk, cores, framesPerSecond, setUp: tasks.filter((t) => t.at < begun).map((t) => t.ms), during: tasks.filter((t) => t.at >= begun).map((t) => t.ms), shifts, before, after };
}

try {
  const { files, results } = await paints();
  const many = [];
  for (let i = 0; i < rounds; i++) {
    for (const slower of processors) for (const count of [10, 500, 1000]) many.push(await presses(count, slower));
  }
  await stage.leave();
  const talked = [];
  for (let i = 0; i < rounds; i++) for (const effects of [false, true]) talked.push(await call(effects));
  const raw = {
    command: 'make bench-client', date: new Date().toISOString().slice(0, 10), visits, rounds, files, results, many, calls: talked,
    machine: { cores: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30), kernel: `${type()} ${release()}`, ...versions, node: process.version },
  };
  await writeFile(join(docs, 'bench-client.json'), `${JSON.stringify(raw, (_, v) => (typeof v === 'number' ? Math.round(v * 1000) / 1000 : v), 1)}\n`);
  await writeFile(join(docs, 'bench-client.md'), report(raw));
} finally {
  await stage.close();
}
