// Turns the raw numbers of bench-client into docs/bench-client.md.

import { percentile } from './report.mjs';

const kB = (/** @type {number} */ n) => `${(n / 1000).toFixed(1)}`;
const whole = (/** @type {number} */ n) => String(Math.round(n));

/** The middle, and the least and greatest. @param {number[]} values */
function spread(values) {
  if (values.length === 0) return '–';
  return `${whole(percentile(values, 0.5))} (${whole(Math.min(...values))}–${whole(Math.max(...values))})`;
}

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
    return `| ${r.network} | ${r.slower}× | ${r.warm ? 'again' : 'first'} | ${spread(of('document'))} | ${spread(of('first'))} | ${ratio.toFixed(1)} | ${spread(of('largest'))} | ${spread(of('blocked'))} | ${shift} |`;
  }).join('\n');
  const presses = raw.many.map((/** @type {any} */ m) => `| ${m.count} | ${m.slower}× | ${m.rows} | ${m.events.length} | ${m.events.length === 0 ? 'under 16' : whole(percentile(m.events, 0.5))} | ${m.events.length === 0 ? 'under 16' : whole(percentile(m.events, 0.98))} | ${m.shifts.toFixed(3)} | ${(m.heap / 1e6).toFixed(1)} |`).join('\n');
  const c = raw.call, m = raw.machine;
  const longest = c.during.length === 0 ? 'none' : `${c.during.length}, the longest ${whole(Math.max(...c.during))} ms`;
  const early = c.setUp.length === 0 ? 'none' : `${c.setUp.length}, the longest ${whole(Math.max(...c.setUp))} ms`;
  return `# What the client costs

Written by \`${raw.command}\`; the raw numbers are in [bench-client.json](bench-client.json). Chromium only: Firefox does not tell
most of it.

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

| network | processor slowed | visit | page there | first paint | ratio | largest paint | blocked | shift, worst |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
${paints}

Slow 4G is Lighthouse's: 1.6 Mbit/s and 150 ms; fast 4G is DevTools': 9 Mbit/s and 60 ms. Both by the browser's own emulation
(CDP \`Network.emulateNetworkConditions\`), the slower processor by \`Emulation.setCPUThrottlingRate\`. The limit of the network
holds for the page's requests and not for those that a service worker makes of itself.

## From a press to what it shows

Three rounds of: open a friend, type four letters into the search, clear it, scroll, go to the calls and back. Milliseconds by
the browser's Event Timing (from the press to the next paint, in steps of 8; presses under 16 are not told). The list of
friends is put in the answer's place by the test.

| friends | processor slowed | rows drawn | presses told | middle | 98th percentile | shift | heap, MB |
| --- | --- | --- | --- | --- | --- | --- | --- |
${presses}

## During a call

${c.seconds} seconds of a video call with the browser's own fake camera and microphone. Tasks over 50 ms: ${longest}; before it, from
loading the page to the first picture: ${early}. Layout shift in all: ${c.shifts.toFixed(3)}. Heap before ${(c.before / 1e6).toFixed(1)} MB, after
${(c.after / 1e6).toFixed(1)} MB.

## The machine

${m.cores} cores, ${m.memoryGiB} GiB, ${m.kernel}, ${m.chromium}, Node ${m.node}; ${raw.date}. The browser (headless, drawing in software), the
program and this measurement share it.
`;
}
