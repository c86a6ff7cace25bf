// The section of docs/bench-calls.md about a server that starts anew.

import { percentile } from './report.mjs';

const heading = '## When the server starts anew';

/**
 * @typedef {object} Restarts
 * @property {string} date
 * @property {number} restarts of each row
 * @property {number} load the mean of the last five minutes
 * @property {{kind: string, how: string, gaps: number[], downs: number[]}[]} results
 */

/** @param {Restarts} raw */
export function restartSection(raw) {
  const rows = raw.results.map(({ kind, how, gaps, downs }) =>
    `| ${kind} | ${how === 'crash' ? '`kill -9`' : '`SIGTERM`'} | ${gaps.length} | ${percentile(gaps, 0.5)} | ${Math.max(...gaps)} | ${percentile(downs, 0.5)} |`);
  return `${heading}

| milliseconds; kind of call | end | n | gap p50 | gap max | program away p50 |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}

Two Chromium in a video call; the program ends and is started again at once, on the same machine, ${raw.restarts} times a row and at most five times in one call,
each of which is asked for back and goes on. A gap is the longest time within which one side did not hear the other's tone, looked at
every 20 ms from the end of the program to five seconds after it is ready again, both sides counted; 0 is none above 60 ms. "Away" is from the signal to the first yes of
\`/readyz\`: no call over the program's own relay can be heard meanwhile. Measured on ${raw.date}, with
other programs at work on the two processors (a load of ${raw.load.toFixed(0)} at the end of the run), which makes sound stutter in calls that nothing happens to:
of the gaps of calls that this program does not carry they say no more than that none is as long as the program was away. The raw numbers are in
[bench-calls-restart.json](bench-calls-restart.json); \`make bench-restart\` measures again.
`;
}

/** Puts the section into the page, in the place of the one that is there. @param {string} page @param {Restarts} raw */
export function putRestarts(page, raw) {
  const [before, after = ''] = page.includes(heading) ? page.split(heading) : page.split('## What is measured').map((part, i) => (i === 0 ? part : `\n## What is measured${part}`));
  return `${before}${restartSection(raw)}\n${after.slice(after.indexOf('## What is measured'))}`;
}
