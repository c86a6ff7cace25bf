// A relay that runs alone, beside the program's own, and can be killed and
// started again without the hub noticing.

import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { freePort, Metrics } from './server.mjs';
import { until, within } from './wait.mjs';

const secret = 'a-secret-that-is-worth-nothing-elsewhere';

/** @param {string} folder for its secret @param {string[]} [args] */
export async function startRelay(folder, args = []) {
  const [port, admin] = [await freePort(), await freePort()];
  const file = join(folder, 'relay.secret');
  await writeFile(file, `${secret}\n`, { mode: 0o600 });
  let output = '';
  const run = async () => {
    const child = spawn(process.env.RINGFENCE_BIN ?? '', [
      'relay', 'serve', '--secret-file', file, '--turn-listen', `:${port}`, '--admin-listen', `127.0.0.1:${admin}`, '--turn-allow-own-addresses', 'on', ...args,
    ], { stdio: ['ignore', 'pipe', 'pipe'], env: Object.fromEntries(Object.entries(process.env).filter(([k]) => !k.startsWith('RINGFENCE_'))) });
    for (const pipe of [child.stdout, child.stderr]) pipe.on('data', (b) => { output += b; });
    const ended = once(child, 'exit');
    await until('the relay being ready', async () => child.exitCode !== null || (await fetch(`http://127.0.0.1:${admin}/readyz`)).ok, 20_000);
    if (child.exitCode !== null) throw new Error(`the relay ended:\n${output}`);
    return { child, ended };
  };
  let running = await run();
  const kill = async () => {
    running.child.kill('SIGKILL');
    await within('the relay ending', running.ended, 10_000);
  };
  const host = Object.values(networkInterfaces()).flat().find((a) => a && a.family === 'IPv4' && !a.internal)?.address ?? '127.0.0.1';
  const username = `${Math.floor(Date.now() / 1000) + 3600}:test`;
  return {
    /** What a page is to use. @param {'udp' | 'tcp'} transport */
    server: (transport) => ({ urls: [`turn:${host}:${port}?transport=${transport}`], username, credential: createHmac('sha1', secret).update(username).digest('base64') }),
    output: () => output,
    metrics: async () => new Metrics(await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text()),
    kill,
    again: async () => { running = await run(); },
  };
}

/** Runs in the page before all else: it uses this relay and no other. @param {RTCIceServer} server */
export function through(server) {
  const real = RTCPeerConnection.prototype.setConfiguration;
  RTCPeerConnection.prototype.setConfiguration = function (/** @type {RTCConfiguration} */ c) {
    return real.call(this, { ...c, iceServers: (c.iceServers ?? []).length > 0 ? [server] : [] });
  };
}
