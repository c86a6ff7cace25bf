// A device that moves: a network of its own, which reaches the program's
// by a wire for Wi-Fi or by one for mobile. What is sent to where it was is lost, without an
// answer, as it is behind a real access point.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ownNetwork } from './narrow.mjs';
import { until } from './wait.mjs';

/** The program's place, which run.mjs has given to the network of these tests. */
const home = '192.168.77.1';

const wires = {
  wifi: { name: 'wlan0', far: 'roam-wifi', address: '10.81.0.2', mac: '02:00:00:00:81:02' },
  mobile: { name: 'wwan0', far: 'roam-mobile', address: '10.89.0.2', mac: '02:00:00:00:89:02' },
};

/** @typedef {keyof typeof wires} Where */

const sh = (/** @type {string} */ script, /** @type {string[]} */ before = []) => execFileSync(before[0] ?? 'sh', [...before.slice(1), ...(before.length > 0 ? ['sh'] : []), '-ec', script], { stdio: ['ignore', 'ignore', 'pipe'] });

/**
 * roam makes a network that is joined to Wi-Fi. launch() takes it as `roaming`.
 */
export async function roam() {
  if (!ownNetwork) throw new Error('this is the machine’s own network');
  const keeper = spawn('unshare', ['-n', 'sh', '-c', 'echo here; exec sleep infinity'], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(keeper.stdout, 'data');
  const enter = ['nsenter', '-t', String(keeper.pid), '-n'];
  const folder = await mkdtemp(join(tmpdir(), 'ringfence-roaming-'));
  /** @type {(() => void)[]} */
  const ends = [];
  const up = (/** @type {Where} */ where) => `ip addr add ${wires[where].address}/24 dev ${wires[where].name}; ip link set ${wires[where].name} up; ip route replace default dev ${wires[where].name} src ${wires[where].address}`;
  const down = (/** @type {Where} */ where) => `ip addr flush dev ${wires[where].name}; ip link set ${wires[where].name} down`;
  for (const { name, far, address, mac } of Object.values(wires)) {
    sh(`ip link add ${far} type veth peer name ${name} address ${mac} netns ${keeper.pid}; ip link set ${far} addrgenmode none; ip link set ${far} up
      ip route add ${address} dev ${far}; ip neigh replace ${address} lladdr ${mac} dev ${far} nud permanent`);
  }
  sh(`ip link set lo up; ${up('wifi')}`, enter);
  /** @type {Where} */
  let at = 'wifi';
  return {
    home,
    /** Where it is now. */
    at: () => at,
    /**
     * Moves to the other network, and says when the old one was lost. Softly, it has both for so many
     * milliseconds before; else none for so long after.
     * @param {{soft?: boolean, between?: number}} [how]
     */
    move: async ({ soft = false, between = 0 } = {}) => {
      const from = at;
      at = at === 'wifi' ? 'mobile' : 'wifi';
      if (soft) {
        sh(up(at), enter);
        await pause(between);
      }
      const since = Date.now();
      sh(soft || between > 0 ? down(from) : `${down(from)}; ${up(at)}`, enter);
      if (!soft && between > 0) {
        await pause(between);
        sh(up(at), enter);
      }
      return since;
    },
    /** A program that runs what is in its place, in this network. @param {string} program */
    within: async (program) => {
      const file = join(folder, 'browser');
      await writeFile(file, `#!/bin/sh\nexec ${enter.join(' ')} ${program} "$@"\n`);
      await chmod(file, 0o755);
      return file;
    },
    /** A port of this machine that leads to the same one there. @param {number} port */
    reach: async (port) => {
      const path = join(folder, `${port}`);
      const there = spawn(enter[0], [...enter.slice(1), process.execPath, '-e', `const n = require('node:net');
        n.createServer((a) => { const b = n.connect(${port}, '127.0.0.1'); a.pipe(b).pipe(a); for (const [s, o] of [[a, b], [b, a]]) s.on('error', () => o.destroy()); }).listen(${JSON.stringify(path)}, () => console.log('here'))`],
      { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(there.stdout, 'data');
      const here = createServer((a) => {
        const b = connect(path);
        a.pipe(b).pipe(a);
        for (const [s, o] of [[a, b], [b, a]]) s.on('error', () => o.destroy());
      }).listen(port, '127.0.0.1');
      await once(here, 'listening');
      ends.push(() => here.close(), () => there.kill());
    },
    close: async () => {
      for (const end of ends) end();
      for (const { far } of Object.values(wires)) sh(`ip link del ${far}`);
      keeper.kill();
      await until('the network being gone', () => keeper.exitCode !== null || keeper.signalCode !== null);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** @typedef {Awaited<ReturnType<typeof roam>>} Roaming */
