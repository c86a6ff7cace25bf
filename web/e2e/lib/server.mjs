// The program itself, started on free ports over an empty data folder, and its
// HTTP API and counters for tests that need to get somewhere quickly.

import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until, within } from './wait.mjs';

/** The password of everybody in these tests. */
export const password = 'copper lantern drifts over nine quiet harbours';

/** Ports that were given, and may not be in use yet. @type {Set<number>} */
const given = new Set();

/**
 * A port that is free for TCP and UDP alike, and was not given before. It is
 * below those that the system gives out by itself (32768 and up on Linux), so
 * that no other socket gets it before it is used, or while it is to stay closed;
 * and above those that browsers refuse to speak to.
 */
export async function freePort() {
  for (;;) {
    const port = randomInt(12_000, 20_000);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
}

/** @param {number} port */
async function isFree(port) {
  const tcp = createServer();
  const udp = createSocket('udp4');
  const both = [tcp, udp].map((socket) => once(socket, 'listening').then(() => once(socket.close(), 'close')).then(() => true, () => false));
  tcp.listen(port, '0.0.0.0');
  udp.bind(port, '0.0.0.0');
  return (await Promise.all(both)).every(Boolean);
}

/** The program, which run.mjs has built. */
function program() {
  const bin = process.env.RINGFENCE_BIN;
  if (!bin) throw new Error('RINGFENCE_BIN names no program: start these tests by npm run e2e');
  return bin;
}

/**
 * Metrics reads Prometheus text. total adds up every series of a name whose
 * labels hold all of those given.
 */
export class Metrics {
  /** @param {string} body */
  constructor(body) {
    this.series = body.split('\n').filter((l) => l !== '' && !l.startsWith('#')).map((line) => {
      const m = /^(\w+)(?:\{(.*)\})? (\S+)/.exec(line);
      const labels = Object.fromEntries([...(m?.[2] ?? '').matchAll(/(\w+)="([^"]*)"/g)].map((l) => [l[1], l[2]]));
      return { name: m?.[1] ?? '', labels, value: Number(m?.[3]) };
    });
  }

  /** @param {string} name @param {Record<string, string>} [labels] */
  total(name, labels = {}) {
    const found = this.series.filter((s) => s.name === name);
    if (found.length === 0) throw new Error(`the program has no metric ${name}`);
    return found.filter((s) => Object.entries(labels).every(([k, v]) => s.labels[k] === v)).reduce((n, s) => n + s.value, 0);
  }
}

/** Api is one signed-in account, spoken to over HTTP with its cookie. */
export class Api {
  static next = 1;
  cookie = '';
  account = '';
  handle = '';

  /** @param {string} origin @param {string} name */
  constructor(origin, name) {
    this.origin = origin;
    this.name = name;
    // Each has an address of its own, as far as the limits by address go:
    // loopback is a trusted proxy by default.
    this.address = `198.51.100.${Api.next++ % 250}`;
  }

  /** @param {string} method @param {string} path @param {unknown} [body] */
  async call(method, path, body) {
    const answer = await fetch(`${this.origin}/api/v1${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(this.cookie === '' ? {} : { cookie: this.cookie }),
        'x-forwarded-for': this.address,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const set = answer.headers.getSetCookie()[0];
    if (set) this.cookie = set.split(';')[0];
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === '' ? null : JSON.parse(text);
  }

  /** @param {string} invite */
  async signUp(invite) {
    await this.call('POST', '/signup', { invite, name: this.name.toLowerCase(), display_name: this.name, password });
    const me = await this.call('GET', '/me');
    this.account = me.id;
    this.handle = me.handle;
    return this;
  }

  /** A new one-time token: whoever signs up with it is a friend. @returns {Promise<string>} */
  async invite() {
    return (await this.call('POST', '/invites')).token;
  }
}

/**
 * startServer runs the program until stop is called.
 * @param {{args?: string[], tls?: boolean}} [options]
 */
export async function startServer(options = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'ringfence-e2e-'));
  const [http, admin, turn, tls] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const inviteFile = join(folder, 'invite');
  const start = () => spawn(program(), [
    'serve', '--data', join(folder, 'data'), '--keys', join(folder, 'keys'), '--key-iterations', '600000',
    '--listen', `:${http}`, '--tls-listen', options.tls ? `:${tls}` : 'off', '--admin-listen', `127.0.0.1:${admin}`,
    '--turn-listen', `:${turn}`, '--owner-invite-file', inviteFile, '--log-level', 'debug', ...(options.args ?? []),
  ], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // The program refuses settings that it does not know, and those of these tests are not its own.
    env: Object.fromEntries(Object.entries(process.env).filter(([k]) => !k.startsWith('RINGFENCE_'))),
  });
  let output = '';
  const run = () => {
    const child = start();
    child.stdout.on('data', (b) => { output += b; });
    child.stderr.on('data', (b) => { output += b; });
    return { child, ended: once(child, 'exit') };
  };
  let { child, ended } = run();
  const ready = async () => {
    await until('the program being ready', async () => {
      if (child.exitCode !== null) return true;
      return (await fetch(`http://127.0.0.1:${admin}/readyz`)).ok;
    }, 20_000);
    if (child.exitCode !== null) throw new Error(`the program ended:\n${output}`);
  };

  const server = {
    get child() { return child; },
    folder,
    origin: `http://localhost:${http}`,
    ports: { http, admin, turn, tls },
    output: () => output,
    metrics: async () => new Metrics(await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text()),
    /** The token of the link that the program printed for its owner. */
    ownerInvite: async () => /#([\w-]+)/.exec(await readFile(inviteFile, 'utf8'))?.[1] ?? '',
    /** The program dies without a word. */
    crash: async () => {
      child.kill('SIGKILL');
      await within('the program ending on SIGKILL', ended, 10_000);
    },
    /** It is told to end, and does. */
    terminate: async () => {
      child.kill('SIGTERM');
      await within('the program stopping on SIGTERM', ended, 20_000);
    },
    /** It starts anew after its end, over the same data and on the same ports. */
    again: async () => {
      ({ child, ended } = run());
      await ready();
    },
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        try {
          await within('the program stopping on SIGTERM', ended, 10_000);
        } catch (err) {
          child.kill('SIGKILL');
          throw err;
        } finally {
          await rm(folder, { recursive: true, force: true });
        }
      }
      if (/panic|DATA RACE/.test(output)) throw new Error(`the program panicked:\n${output}`);
    },
  };
  try {
    await ready();
  } catch (err) {
    child.kill('SIGKILL');
    throw new Error(`the program did not start:\n${output}`, { cause: err });
  }
  return server;
}

/** @typedef {Awaited<ReturnType<typeof startServer>>} Server */

/**
 * signUpFriends makes accounts over HTTP: the first by the owner's invite, the
 * others by the first one's, so that each of them is a friend of the first.
 * @param {Server} server
 * @param {string[]} names
 */
export async function signUpFriends(server, names) {
  const owner = await new Api(server.origin, names[0]).signUp(await server.ownerInvite());
  const all = [owner];
  for (const name of names.slice(1)) all.push(await new Api(server.origin, name).signUp(await owner.invite()));
  return all;
}
