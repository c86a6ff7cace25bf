// What two people in a call hear of it that the server ends and starts again.
// Writes docs/bench-calls-restart.json, and the section of docs/bench-calls.md.
// Not a test: run it by `make bench-restart` on a machine that does nothing else.

import { readFile, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { talks } from './lib/outage.mjs';
import { startRelay } from './lib/relay.mjs';
import { putRestarts } from './lib/restart-report.mjs';
import { longestGap } from './lib/silence.mjs';
import { meet, setStage } from './lib/stage.mjs';
import { until } from './lib/wait.mjs';

const restarts = Number(process.env.BENCH_RESTARTS ?? 20); // of each row
const perCall = 5; // then two new people take over
const docs = process.env.BENCH_OUT ?? fileURLToPath(new URL('../../docs/', import.meta.url));

/** @type {{name: string, turn?: 'udp' | 'tcp', direct?: boolean, apart?: boolean}[]} */
const kinds = [
  { name: 'direct', direct: true },
  { name: 'over a relay that runs alone', apart: true },
  { name: 'over this program’s relay, UDP', turn: 'udp' },
  { name: 'over this program’s relay, TCP', turn: 'tcp' },
];

/**
 * The program ends and starts again, once, in a call that goes on; what each of
 * the two heard of it, and how long the program was away.
 * @param {import('./lib/person.mjs').Person} anna @param {import('./lib/person.mjs').Person} ben @param {'terminate' | 'crash'} how
 */
async function restart(anna, ben, how) {
  const since = Date.now();
  await stage.server[how]();
  await stage.server.again();
  const down = Date.now() - since;
  await until('both sessions', async () => (await stage.server.metrics()).total('ringfence_hub_calls', { state: 'running' }) === 1, 30_000);
  await meet([anna, 1], [ben, 2]);
  await until('two quiet seconds', () => Date.now() > since + down + 5000); // an alarm may come late
  return { down, gaps: [await longestGap(anna, since), await longestGap(ben, since)] };
}

const stage = await setStage({ names: ['Anna', 'Ben'], browsers: ['chromium'] });
/** @type {{kind: string, how: string, gaps: number[], downs: number[]}[]} */
const results = [];
try {
  for (const kind of kinds) {
    for (const how of /** @type {const} */ (['terminate', 'crash'])) {
      const row = { kind: kind.name, how, gaps: /** @type {number[]} */ ([]), downs: /** @type {number[]} */ ([]) };
      while (row.downs.length < restarts) {
        await stage.enter();
        const relay = kind.apart ? await startRelay(stage.server.folder) : undefined;
        const { anna, ben } = await talks(stage, 'chromium', 'chromium', { turn: kind.turn, direct: kind.direct, relay });
        for (let n = 0; n < perCall && row.downs.length < restarts; n++) {
          const { down, gaps } = await restart(anna, ben, how);
          row.gaps.push(...gaps);
          row.downs.push(down);
        }
        await stage.leave();
        await relay?.kill();
      }
      results.push(row);
      console.log(JSON.stringify(row));
    }
  }
} finally {
  await stage.close();
}
const raw = { date: new Date().toISOString().slice(0, 10), restarts, load: loadavg()[1], results };
await writeFile(`${docs}bench-calls-restart.json`, `${JSON.stringify(raw, null, 1)}\n`);
await writeFile(`${docs}bench-calls.md`, putRestarts(await readFile(`${docs}bench-calls.md`, 'utf8'), raw));
