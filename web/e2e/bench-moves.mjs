// How long the other side sees nothing when a device moves between Wi-Fi and
// mobile in mid-call. Writes docs/bench-moves.json, and its table into
// docs/bench-calls.md. Not a test: run it by `make bench-moves` on a machine
// that does nothing else.

import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { setMoving } from './lib/moving.mjs';
import { moves as section } from './lib/report.mjs';
import { meet, startCall } from './lib/stage.mjs';
import { text } from './lib/text.mjs';
import { until } from './lib/wait.mjs';

const count = Number(process.env.BENCH_MOVES ?? 20); // of each variant
const only = process.env.BENCH_ONLY ?? ''; // part of a variant's name
const docs = process.env.BENCH_OUT ?? fileURLToPath(new URL('../../docs/', import.meta.url));
const settled = 2500; // milliseconds without a gap before the next move
const overlap = 6000; // as long a device has both networks where it loses none before it has the other
const none = 100; // as long it has none where it does

/** @type {{name: string, kind: import('./lib/browsers.mjs').Kind, relay: boolean, soft?: boolean, between: number}[]} */
const variants = [
  ...[false, true].flatMap((relay) => [0, none].map((between) => ({
    name: `Chromium, ${relay ? 'over the relay' : 'direct'}: one network is lost, ${between === 0 ? 'the other is there at once' : `the other is there ${between} ms later`}`,
    kind: /** @type {const} */ ('chromium'), relay, between,
  }))),
  { name: 'Chromium, direct: both are there for 6 s, then one is lost', kind: 'chromium', relay: false, soft: true, between: overlap },
  { name: `Firefox, direct: one network is lost, the other is there ${none} ms later`, kind: 'firefox', relay: false, between: none },
  { name: `Firefox, over the relay: one network is lost, the other is there ${none} ms later`, kind: 'firefox', relay: true, between: none },
  { name: 'Firefox, direct: both are there for 6 s, then one is lost', kind: 'firefox', relay: false, soft: true, between: overlap },
];

/** Runs in the page: notes when each frame of the video of that label was shown. @param {string} label */
function noteFrames(label) {
  /** @type {number[]} */
  const frames = [];
  window.__frames = frames;
  /** @type {WeakSet<Element>} */
  const watched = new WeakSet();
  const look = () => {
    for (const v of document.querySelectorAll('video')) {
      if (watched.has(v) || v.getAttribute('aria-label') !== label) continue;
      watched.add(v);
      const note = () => {
        frames.push(Date.now());
        v.requestVideoFrameCallback(note);
      };
      v.requestVideoFrameCallback(note);
    }
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
  look();
}

/** The longest time without a frame since a moment, once frames have come for a while again. @param {import('./lib/person.mjs').Person} p @param {number} since */
async function gapOf(p, since) {
  return until('frames again', async () => {
    /** @type {number[]} */
    const frames = await p.page.evaluate((s) => window.__frames.filter((/** @type {number} */ f) => f > s - 200), since);
    const gaps = frames.slice(1).map((f, i) => ({ from: frames[i], ms: f - frames[i], until: f })).filter((g) => g.until > since);
    const longest = gaps.toSorted((a, b) => b.ms - a.ms)[0];
    if (!longest || (frames.at(-1) ?? 0) < Math.max(longest.until, since + 1500) + settled) return undefined;
    return longest.ms;
  }, 40_000);
}

/** @param {typeof variants[number]} v */
async function measure(v) {
  const scene = await setMoving(v.kind);
  try {
    const { anna, ben } = await scene.arrive({ local: v.relay ? { 'ringfence.relay': 'always', 'ringfence.turn': 'udp' } : {} });
    await startCall(anna, ben, 'Ben');
    await meet([anna, 1], [ben, 2]);
    await ben.page.evaluate(noteFrames, text.call.theirPicture('Anna'));
    await pause(settled);
    /** @type {number[]} */
    const gaps = [];
    while (gaps.length < count) gaps.push(await gapOf(ben, await scene.network.move(v)));
    if (((await anna.route()).local === 'relay') !== v.relay) throw new Error(`${v.name}: went another way`);
    await ben.presses(text.call.hangUp);
    await anna.sees(text.call.ended.hangup.title);
    return { variant: v.name, gaps, versions: scene.versions };
  } finally {
    await scene.close();
  }
}

/** What was measured before, variant by variant: one may be measured alone. @type {{results: {variant: string, gaps: number[]}[]}} */
const before = JSON.parse(await readFile(join(docs, 'bench-moves.json'), 'utf8').catch(() => '{"results": []}'));
const results = new Map(before.results.map((r) => [r.variant, r]));
for (const v of variants.filter((x) => x.name.includes(only))) {
  const { variant, gaps, versions } = await measure(v);
  // What waits for the processor, one minute's average: above the number of cores, all of it takes longer.
  results.set(variant, { variant, date: new Date().toISOString().slice(0, 10), waiting: Math.round(10 * loadavg()[0]) / 10, versions, gaps });
  console.error(`${variant}: ${gaps.join(' ')}`);
  const raw = {
    command: 'make bench-moves',
    machine: {
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      kernel: `${type()} ${release().split('-')[0]}`,
      node: process.version,
      go: execFileSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' }).trim(),
    },
    unit: 'milliseconds',
    results: variants.map((x) => results.get(x.name)).filter((r) => r !== undefined),
  };
  await writeFile(join(docs, 'bench-moves.json'), `${JSON.stringify(raw, null, 1).replace(/\n\s+(?=[\d.]+,?$|[\d.]+\n)/gm, ' ')}\n`);
  const page = join(docs, 'bench-calls.md');
  const old = await readFile(page, 'utf8').catch(() => '## What is measured\n');
  // What people wrote about the numbers stays, and is theirs to bring up to date.
  const [head, tail] = [old.split(/^## (?:Another network|What is measured)/m)[0], old.slice(old.search(/^### What the moves show|^## What is measured/m))];
  await writeFile(page, `${head}${section(raw)}\n${tail}`);
}
