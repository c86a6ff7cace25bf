// Runs the browser tests, or the script named, inside a network namespace with
// one private address: nothing leaves the machine, and what its own network
// looks like makes no difference. Where namespaces are forbidden it says so and
// runs in the machine's own network.
//
//   node e2e/run.mjs [file.test.mjs …]      node e2e/run.mjs bench-calls.mjs

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));

// Browsers want an interface that is not loopback, and a route from it. A name
// server that is refused at once costs them no waiting.
const network = `ip link set lo up && ip link add ringfence0 type veth peer name ringfence1 && ip addr add 192.168.77.1/24 dev ringfence0 &&
  ip link set ringfence0 up && ip link set ringfence1 up && ip route add default dev ringfence0 src 192.168.77.1 &&
  for n in $(sed -n 's/^nameserver //p' /etc/resolv.conf); do ip route add unreachable $n || true; done`;
const enter = ['unshare', '-Urn', 'sh', '-c', `${network} && exec "$@"`, 'sh'];

const [, , ...named] = process.argv;
const files = named.length > 0 ? named.map((f) => basename(f)) : readdirSync(here).filter((f) => f.endsWith('.test.mjs')).sort();
const tests = files.every((f) => f.endsWith('.test.mjs'));
const command = [
  process.execPath,
  ...(tests ? ['--test', '--test-concurrency=1', '--test-timeout=300000', '--test-reporter=spec'] : []),
  ...files.map((f) => join(here, f)),
];

const own = spawnSync(enter[0], [...enter.slice(1), 'true'], { stdio: 'ignore' }).status === 0;
if (!own) console.error('NOTE: no network namespace of our own (unshare -Urn failed): running in the machine’s network.');

const folder = mkdtempSync(join(tmpdir(), 'ringfence-e2e-bin-'));
try {
  const env = { ...process.env };
  if (!env.RINGFENCE_BIN) {
    env.RINGFENCE_BIN = join(folder, 'ringfence');
    execFileSync('go', ['build', '-o', env.RINGFENCE_BIN, './cmd/ringfence'], { cwd: join(here, '../..'), stdio: 'inherit' });
  }
  if (own) env.RINGFENCE_E2E_OWN_NETWORK = '1'; // its wires may be narrowed
  const all = own ? [...enter, ...command] : command;
  process.exitCode = spawnSync(all[0], all.slice(1), { stdio: 'inherit', env }).status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
