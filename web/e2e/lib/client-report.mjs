// Turns the raw numbers of bench-client into docs/bench-client.md.

import { percentile } from './report.mjs';

const kB = (/** @type {number} */ n) => `${(n / 1000).toFixed(1)}`;
const whole = (/** @type {number} */ n) => String(Math.round(n));

/** The middle, and the least and greatest. @param {number[]} values */
function spread(values) {
  if (values.length === 0) return '–';
  return `${whole(percentile(values, 0.5))} (${whole(Math.min(...values))}–${whole(Math.max(...values))})`;
}

const under = (/** @type {number} */ ms) => (ms < 16 ? 'under 16' : whole(ms));

const kindOf = (/** @type {string} */ path) => (/\.woff2$/.test(path) ? 'font' : /\.css$/.test(path) ? 'style' : /\.js$/.test(path) ? 'script' : /^\/api\//.test(path) ? 'API' : 'page and icons');

/** @param {any} raw */
export function report(raw) {
  const byKind = new Map();
  for (const f of raw.files) byKind.set(kindOf(f.path), (byKind.get(kindOf(f.path)) ?? 0) + f.bytes);
  const entry = (byKind.get('script') ?? 0) + (byKind.get('style') ?? 0);
  const sizes = [...byKind].map(([kind, bytes]) => `| ${kind} | ${kB(bytes)} |`).join('\n');
  const paints = raw.results.map((/** @type {any} */ r) => {
    const of = (/** @type {string} */ name) => r.visits.map((/** @type {any} */ v) => v[name]);
    const ratio = percentile(of('first'), 0.5) / percentile(of('document'), 0.5);
    const shift = Math.max(...of('shifts')).toFixed(3);
    return `| ${r.network} | ${r.slower}× | ${r.warm ? 'again' : 'first'} | ${spread(of('document'))} | ${spread(of('first'))} | ${ratio.toFixed(1)} | ${spread(of('largest'))} | ${spread(of('ready'))} | ${spread(of('blocked'))} | ${shift} |`;
  }).join('\n');
  const sets = new Map();
  for (const m of raw.many) sets.set(`${m.count} ${m.slower}`, [...sets.get(`${m.count} ${m.slower}`) ?? [], m]);
  const pressed = (/** @type {any[]} */ runs, /** @type {number} */ part) => percentile(runs.flatMap((m) => m.presses), part);
  const presses = [...sets.values()].map((runs) => {
    const [m] = runs;
    const each = runs.map((r) => percentile(r.presses, 0.98)).map(whole);
    const few = pressed(sets.get(`10 ${m.slower}`) ?? runs, 0.98);
    return `| ${m.count} | ${m.slower}× | ${m.rows} | ${runs.flatMap((r) => r.presses).length} | ${under(pressed(runs, 0.5))} | ${under(pressed(runs, 0.98))} (${each.join(', ')}) | ${(pressed(runs, 0.98) / few).toFixed(1)} | ${under(pressed(runs, 1))} | ${Math.max(...runs.map((r) => r.shifts)).toFixed(3)} | ${(m.heap / 1e6).toFixed(1)} |`;
  }).join('\n');
  const m = raw.machine;
  const plain = raw.calls.filter((/** @type {any} */ c) => !c.effects), busy = raw.calls.filter((/** @type {any} */ c) => c.effects);
  const calls = [['without', plain], ['blur and quiet', busy]].map(([name, runs]) => {
    const of = (/** @type {string} */ key) => runs.flatMap((/** @type {any} */ c) => c[key]);
    const during = of('during');
    return `| ${name} | ${runs.length} × ${runs[0].seconds} | ${during.length === 0 ? 'none' : `${during.length}, ${whole(Math.max(...during))} ms`} | ${spread(of('setUp'))} | ${percentile(of('cores'), 0.5).toFixed(2)} (${Math.min(...of('cores')).toFixed(2)}–${Math.max(...of('cores')).toFixed(2)}) | ${spread(of('framesPerSecond').filter((/** @type {any} */ n) => n > 0))} | ${Math.max(...of('shifts')).toFixed(3)} | ${(runs[0].before / 1e6).toFixed(1)} → ${(runs[0].after / 1e6).toFixed(1)} |`;
  }).join('\n');
  const ratio = percentile(busy.map((/** @type {any} */ c) => c.cores), 0.5) / percentile(plain.map((/** @type {any} */ c) => c.cores), 0.5);
  const at = (/** @type {string} */ network, /** @type {string} */ name) => {
    const values = raw.results.filter((/** @type {any} */ r) => r.network === network && r.slower === 1 && !r.warm).flatMap((/** @type {any} */ r) => r.visits.map((/** @type {any} */ v) => v[name]));
    return `${whole(percentile(values, 0.5))} ms, the worst of ${values.length} ${whole(Math.max(...values))} ms`;
  };
  const among = sets.get('500 1') ?? [];
  const held = plain.flatMap((/** @type {any} */ c) => c.during), heldBusy = busy.flatMap((/** @type {any} */ c) => c.during);
  const longest = (/** @type {number[]} */ tasks) => (tasks.length === 0 ? 'none' : `${tasks.length}, the longest ${whole(Math.max(...tasks))} ms`);
  return `# What the client costs

Written by \`${raw.command}\`; the raw numbers are in [bench-client.json](bench-client.json). Chromium only: Firefox does not tell
most of it.

| what | bound | here |
| --- | --- | --- |
| script and style of the sign-in page, packed | 80 kB | ${kB(entry)} kB |
| its first paint, fast 4G | 1000 ms | ${at('fast 4G', 'first')} |
| its first paint, slow 4G | 1000 ms | ${at('slow 4G', 'first')} |
| from a press to what it shows, 500 friends, 98th percentile | 100 ms | ${under(pressed(among, 0.98))} ms |
| tasks over 50 ms during a call | none | ${longest(held)} |
| the same with blur and quiet | none | ${longest(heldBusy)} |

## Bytes of the sign-in page

Packed as they go over the wire, first visit.

| what | kB |
| --- | --- |
${sizes}
| **script and style together** | **${kB(entry)}** |

The bound is 80 kB for script and style, held by a test of the build. Word lists, models, languages and what one sees only
when signed in come when they are needed.

## The first paint of the sign-in page

Milliseconds from the start of the navigation: the middle of ${raw.visits} visits, in brackets the least and greatest. "Page there" is
when the last byte of the HTML has come: what the network alone takes, and the floor; the ratio is first paint to that
floor. "Again" is with the service worker. "Blocked" is the sum of what tasks take beyond 50 ms.

| network | processor slowed | visit | page there | first paint | ratio | largest paint | form there | blocked | shift, worst |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
${paints}

Slow 4G is Lighthouse's: 1.6 Mbit/s and 150 ms; fast 4G is DevTools': 9 Mbit/s and 60 ms. Both by the browser's own emulation
(CDP \`Network.emulateNetworkConditions\`), the slower processor by \`Emulation.setCPUThrottlingRate\`. The limit of the network
holds for the page's requests and not for those that a service worker makes of itself.

## From a press to what it shows

${raw.rounds} runs of each, in turn; in each, three times: open a friend, type four letters into the search, clear it, scroll, go to the
calls and back. Milliseconds by the browser's Event Timing (from the press to the next paint, in steps of 8; those under 16 are
counted and not told apart). In brackets the 98th percentile of each run; the ratio is to 10 friends in the same runs. The list of
friends is put in the answer's place by the test.

| friends | processor slowed | rows drawn | presses | middle | 98th percentile | ratio | worst | shift | heap, MB |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
${presses}

## During a call

Video calls with the browser's own fake camera and microphone, with and without blur and noise filter on one side, in turn. Tasks
over 50 ms on the page of that side, once the call runs; before it, from loading the page on, each such task. Processor: cores
that the whole browser takes, both sides of the call in it; **with effects ${ratio.toFixed(1)} times** that without.

| effects | seconds | tasks over 50 ms | before it, ms | cores | pictures a second sent | layout shift | heap, MB |
| --- | --- | --- | --- | --- | --- | --- | --- |
${calls}

## The machine

${m.cores} cores, ${m.memoryGiB} GiB, ${m.kernel}, ${m.chromium}, Node ${m.node}; ${raw.date}. The browser (headless, drawing in software), the
program and this measurement share it.
`;
}
