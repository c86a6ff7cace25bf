// How long a call takes to come about: from the caller's click to the first
// frame of the other side, and from the callee's answer to hers. Writes
// docs/bench-calls.json and docs/bench-calls.md. Not a test: run it by
// `make bench-calls` on a machine that does nothing else.

import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { delayed, detour, watchAnswers } from './lib/delayed.mjs';
import { report } from './lib/report.mjs';
import { setStage } from './lib/stage.mjs';
import { text } from './lib/text.mjs';
import { until } from './lib/wait.mjs';

const calls = Number(process.env.BENCH_CALLS ?? 40); // of each variant and run
// An account may ring ten times a minute, so after ten calls two new people
// take over; the first two calls of each pair are not counted.
const warm = 2;
const perPair = 10 - warm;
const only = process.env.BENCH_ONLY ?? ''; // part of a variant's name, to look at one alone
const runs = Number(process.env.BENCH_RUNS ?? 3);
const docs = process.env.BENCH_OUT ?? fileURLToPath(new URL('../../docs/', import.meta.url));

/** @typedef {import('./lib/browsers.mjs').Kind} Kind */
const rings = 2000; // milliseconds that a call rings before it is answered, where it may connect meanwhile
/** @type {[Kind, Kind][]} */
const pairs = [['chromium', 'chromium'], ['chromium', 'firefox'], ['firefox', 'chromium']];
const title = { chromium: 'Chromium', firefox: 'Firefox' };

/** @type {{name: string, from: Kind, to: Kind, route: 'direct' | 'udp' | 'tcp', rtt?: number, early?: boolean}[]} */
const variants = [
  { name: 'Chromium to Chromium, direct', from: 'chromium', to: 'chromium', route: 'direct' },
  { name: 'Chromium to Chromium, relay over UDP', from: 'chromium', to: 'chromium', route: 'udp' },
  { name: 'Chromium to Chromium, relay over TCP', from: 'chromium', to: 'chromium', route: 'tcp' },
  { name: 'Chromium to Firefox, relay over UDP', from: 'chromium', to: 'firefox', route: 'udp' },
  { name: 'Firefox to Chromium, relay over UDP', from: 'firefox', to: 'chromium', route: 'udp' },
  // One beside the other: as calls always were, and connected while they ring.
  ...[0, 50].flatMap((rtt) => pairs.flatMap(([from, to]) => [false, true].map((early) => ({
    name: `${title[from]} to ${title[to]}, ${rtt} ms, ${early ? 'connected while it rings' : 'as always'}`, from, to, route: /** @type {const} */ ('udp'), rtt, early,
  })))),
];

/**
 * stopwatch runs in the page. start presses a button as soon as it is there
 * and resolves with the milliseconds from that press to the first frame of the
 * other side: the first requestVideoFrameCallback of the video of that label
 * while it is visible. Also when both were, since 1970. The button may be let wait.
 */
function stopwatch() {
  /** @type {(button: string, picture: string, wait?: number) => Promise<{took: number, pressed: number, seen: number}>} */
  window.__clock = (button, picture, wait = 0) => new Promise((done, fail) => {
    let pressed = 0;
    const limit = setTimeout(() => fail(new Error(`no frame within 20 s; pressed: ${pressed > 0}`)), 20_000);
    /** @type {WeakSet<Element>} */
    const watched = new WeakSet();
    let waits = false;
    const look = () => {
      if (pressed === 0 && !waits) {
        const found = [...document.querySelectorAll('button')].find((b) => (b.getAttribute('aria-label') ?? b.innerText.trim()) === button && !b.disabled);
        if (found) {
          waits = true;
          const press = () => {
            pressed = performance.now();
            found.click();
          };
          if (wait === 0) press();
          else setTimeout(press, wait);
        }
      }
      for (const v of document.querySelectorAll('video')) {
        if (watched.has(v) || v.getAttribute('aria-label') !== picture) continue;
        watched.add(v);
        const frame = () => {
          if (!v.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return void v.requestVideoFrameCallback(frame);
          watcher.disconnect();
          clearTimeout(limit);
          const seen = performance.now();
          done({ took: seen - pressed, pressed: performance.timeOrigin + pressed, seen: performance.timeOrigin + seen });
        };
        v.requestVideoFrameCallback(frame);
      }
    };
    const watcher = new MutationObserver(look);
    watcher.observe(document, { subtree: true, childList: true, attributes: true });
    look();
  });
}

/** How much of the processor others use, while the browsers wait: 0 to 1. */
async function others() {
  const read = () => cpus().reduce(([busy, all], { times: t }) => {
    const used = t.user + t.nice + t.sys + t.irq;
    return [busy + used, all + used + t.idle];
  }, [0, 0]);
  const [busy, all] = read();
  await pause(500);
  const [busyNow, allNow] = read();
  return (busyNow - busy) / (allNow - all);
}

/**
 * One pair of people: warm calls that are not counted, then up to perPair.
 * @param {import('./lib/stage.mjs').Stage} stage
 * @param {typeof variants[number]} v
 * @param {number} n
 */
async function pair(stage, v, n) {
  await stage.enter();
  const local = { ...(v.route === 'direct' ? {} : { 'ringfence.relay': 'always', 'ringfence.turn': v.route }), ...(v.early ? { 'ringfence.early': 'on' } : {}) };
  const far = v.rtt ? await delayed(stage.server.ports, v.rtt) : undefined;
  /** @param {import('./lib/person.mjs').Person} p */
  const before = async ({ page }) => {
    await page.evaluateOnNewDocument(watchAnswers);
    if (far) await page.evaluateOnNewDocument(detour, far.turn);
  };
  const wait = v.early === undefined ? 0 : rings;
  const anna = await stage.arrives('Anna', { on: v.from, local, before, ...(far && { origin: far.origin }) });
  const ben = await stage.arrives('Ben', { on: v.to, local, before, ...(far && { origin: far.origin }) });
  for (const p of [anna, ben]) await p.page.evaluate(stopwatch);
  await anna.seesFriend('Ben', text.people.online);
  const click = [], answer = [], theirs = [];
  for (let i = -warm; i < n; i++) {
    const accepted = ben.page.evaluate((b, p, w) => window.__clock(b, p, w), text.call.accept, text.call.theirPicture('Anna'), wait);
    const called = anna.page.evaluate((b, p) => window.__clock(b, p), text.people.videoCall('Ben'), text.call.theirPicture('Ben'));
    const [c, a] = await Promise.all([called, accepted]);
    if (i === -warm) {
      const r = await anna.route();
      const want = v.route === 'direct' ? undefined : v.route;
      if ((r.local === 'relay' ? r.relayProtocol : undefined) !== want) throw new Error(`${v.name}: went ${JSON.stringify(r)}`);
    }
    if (i >= 0) {
      if (await ben.page.evaluate(() => window.__answeredEarly) !== (v.early ?? false)) throw new Error(`${v.name}: was not answered so`);
      click.push(round(c.took));
      answer.push(round(a.took));
      theirs.push(round(c.seen - a.pressed));
    }
    await anna.presses(text.call.hangUp);
    for (const p of [anna, ben]) {
      await until('the list again', async () => {
        const close = await p.look('button', text.call.close);
        if (close) await close.click();
        return !close && await p.page.evaluate(() => window.__probe.live() === 0);
      });
    }
  }
  await stage.leave();
  far?.close();
  return { click, answer, theirs };
}

/** @param {import('./lib/stage.mjs').Stage} stage @param {typeof variants[number]} v */
async function measure(stage, v) {
  /** @type {{click: number[], answer: number[], theirs: number[], others: number[]}} */
  const all = { click: [], answer: [], theirs: [], others: [] };
  while (all.click.length < calls) {
    all.others.push(Math.round(100 * await others()) / 100);
    const { click, answer, theirs } = await pair(stage, v, Math.min(perPair, calls - all.click.length));
    all.click.push(...click);
    all.answer.push(...answer);
    all.theirs.push(...theirs);
  }
  return all;
}

/** @param {number} n */
const round = (n) => Math.round(n * 10) / 10;

const stage = await setStage({ names: ['Anna', 'Ben'], browsers: ['chromium', 'firefox'] });
try {
  const results = [];
  for (let run = 1; run <= runs; run++) {
    for (const v of variants.filter((x) => x.name.includes(only))) {
      const start = performance.now();
      const r = await measure(stage, v);
      results.push({ run, variant: v.name, ...r });
      console.error(`run ${run}, ${v.name}: ${((performance.now() - start) / 1000).toFixed(0)} s`);
    }
  }
  const raw = {
    command: 'make bench-calls',
    date: new Date().toISOString().slice(0, 10),
    machine: {
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      kernel: `${type()} ${release().split('-')[0]}`,
      node: process.version,
      go: execFileSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' }).trim(),
      ...stage.versions,
    },
    callsPerRun: calls,
    runs,
    unit: 'milliseconds',
    results,
  };
  await writeFile(join(docs, 'bench-calls.json'), `${JSON.stringify(raw, null, 1).replace(/\n\s+(?=[\d.]+,?$|[\d.]+\n)/gm, ' ')}\n`);
  await writeFile(join(docs, 'bench-calls.md'), report(raw));
} finally {
  await stage.close();
}
