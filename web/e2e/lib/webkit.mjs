// Debian's WebKitGTK: its MiniBrowser on a screen of its own (Xvfb), driven by
// WebKitWebDriver over plain W3C WebDriver. puppeteer speaks to neither.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { find, reachable, visibleText } from './person.mjs';
import { freePort } from './server.mjs';
import { until, within } from './wait.mjs';

/** @typedef {import('./person.mjs').Role} Role */

const driver = '/usr/bin/WebKitWebDriver';
const screen = '/usr/bin/Xvfb';
const element = 'element-6066-11e4-a52e-4f735466cecf'; // what W3C WebDriver calls a reference to an element

/** Where Debian puts the browser, by the machine's kind and the version of the library. */
function miniBrowser() {
  const libs = readdirSync('/usr/lib').filter((d) => d.endsWith('-linux-gnu'));
  return libs.flatMap((d) => ['4.1', '4.0'].map((v) => `/usr/lib/${d}/webkit2gtk-${v}/MiniBrowser`)).find((p) => existsSync(p));
}

/**
 * missing says why there is no WebKit here, or nothing. On CI it throws where
 * Debian's package could have been installed: a skipped check is no check.
 */
export function missing() {
  if (existsSync(driver) && existsSync(screen) && miniBrowser()) return undefined;
  const policy = spawnSync('apt-cache', ['policy', 'webkit2gtk-driver'], { encoding: 'utf8' }).stdout ?? '';
  const there = /Candidate: \d/.test(policy);
  if (there && process.env.CI === 'true') throw new Error('must not be skipped here: WebKitGTK is not installed, and scripts/deps.sh could have installed it');
  return there ? 'WebKitGTK is not installed: run scripts/deps.sh' : 'this system has no package webkit2gtk-driver';
}

/** One window of WebKit, with a person before it. */
export class WebKitWindow {
  /** @param {string} base @param {Record<string, any>} session @param {string} origin */
  constructor(base, session, origin) {
    this.base = `${base}/session/${session.sessionId}`;
    this.version = `WebKitGTK ${session.capabilities.browserVersion}`;
    this.origin = origin;
    /** As much of puppeteer's page as the looks of inspect.mjs and look.mjs ask for. */
    this.page = { evaluate: this.evaluate.bind(this) };
  }

  /** One command of the driver. @param {string} method @param {string} path @param {unknown} [body] */
  async command(method, path, body) {
    const answer = await fetch(this.base + path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`${method} ${path}: ${value.error}: ${value.message}`);
    return value;
  }

  /**
   * Runs fn in the page, and waits for what it promises.
   * @param {string | ((...args: any[]) => unknown)} fn @param {...unknown} args
   */
  async evaluate(fn, ...args) {
    if (typeof fn === 'string') return this.command('POST', '/execute/sync', { script: fn, args: [] });
    const script = `const done = arguments[arguments.length - 1];
      Promise.resolve((${fn})(...[...arguments].slice(0, -1))).then((v) => done({ v }), (e) => done({ e: String(e && e.message || e) }));`;
    const { v, e } = await this.command('POST', '/execute/async', { script, args });
    if (e !== undefined) throw new Error(`in the page: ${e}`);
    return v;
  }

  /** @param {string} path */
  async open(path) {
    await this.command('POST', '/url', { url: this.origin + path });
  }

  /** The reference to an element, or null. @param {Role} role @param {string | RegExp} name */
  async look(role, name) {
    return this.command('POST', '/execute/sync', {
      script: `return (${find})(...arguments)`, args: [role, name instanceof RegExp ? name.source : name, name instanceof RegExp],
    });
  }

  /** @param {Role} role @param {string | RegExp} name */
  async finds(role, name) {
    return until(`${role} "${name}" in WebKit`, () => this.look(role, name)).catch(async (err) => {
      throw new Error(`${err.message}\nthe page says: ${await this.reads()}`);
    });
  }

  /** @param {string | RegExp} name @param {Role} [role] */
  async presses(name, role = 'button') {
    await until(`pressing ${role} "${name}" in WebKit`, async () => {
      const e = await this.finds(role, name);
      if (!await this.evaluate(reachable, e)) return false;
      await this.command('POST', `/element/${e[element]}/click`, {});
      return true;
    });
  }

  /** @param {string | RegExp} label @param {string} value */
  async writes(label, value) {
    const e = await this.finds('textbox', label);
    await this.command('POST', `/element/${e[element]}/clear`, {});
    await this.command('POST', `/element/${e[element]}/value`, { text: value });
  }

  /** @param {string | RegExp} label @returns {Promise<string>} */
  async written(label) {
    return this.evaluate((e) => e.value, await this.finds('textbox', label));
  }

  /** @returns {Promise<string>} */
  async reads() {
    return this.evaluate(visibleText);
  }

  /** @param {string | RegExp} words */
  async sees(words) {
    let shown = '';
    await until(`seeing "${words}" in WebKit`, async () => {
      shown = await this.reads();
      return words instanceof RegExp ? words.test(shown) : shown.includes(words.replace(/\s+/g, ' '));
    }).catch((err) => { throw new Error(`${err.message}\nthe page says: ${shown}`); });
  }

  /** A picture of the window, as PNG. */
  async picture() {
    return Buffer.from(await this.command('GET', '/screenshot'), 'base64');
  }
}

/** @param {import('node:child_process').ChildProcess} child */
async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await within('a process of WebKit ending', gone, 8_000).catch(() => child.kill('SIGKILL'));
}

/**
 * launchWebKit starts a screen, the driver and one window with a fresh
 * profile. close ends all of it.
 * @param {string} origin
 * @param {{width?: number, height?: number}} [size]
 */
export async function launchWebKit(origin, { width = 1280, height = 900 } = {}) {
  const home = await mkdtemp(join(tmpdir(), 'ringfence-e2e-webkit-'));
  const x = spawn(screen, ['-displayfd', '3', '-screen', '0', `${width}x${height}x24`, '-nolisten', 'tcp'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  /** @type {import('node:child_process').ChildProcess[]} */
  const children = [x];
  const close = async () => {
    for (const c of children.reverse()) await end(c);
    await rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  try {
    const [number] = await within('a screen for WebKit', once(/** @type {import('node:stream').Readable} */ (x.stdio[3]), 'data'), 10_000);
    const port = await freePort();
    const env = {
      PATH: process.env.PATH, HOME: home, XDG_RUNTIME_DIR: home, TMPDIR: process.env.TMPDIR, LANG: 'C.UTF-8', DISPLAY: `:${String(number).trim()}`,
      DBUS_SESSION_BUS_ADDRESS: 'disabled:', NO_AT_BRIDGE: '1', GTK_A11Y: 'none', LIBGL_ALWAYS_SOFTWARE: '1',
    };
    const child = spawn(driver, [`--port=${port}`, '--host=127.0.0.1'], { stdio: 'ignore', env: Object.fromEntries(Object.entries(env).filter(([, v]) => v !== undefined)) });
    children.push(child);
    const base = `http://127.0.0.1:${port}`;
    await until('the driver of WebKit', async () => (await fetch(`${base}/status`)).ok, 15_000);
    const answer = await fetch(`${base}/session`, {
      method: 'POST',
      body: JSON.stringify({ capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': { binary: miniBrowser(), args: ['--automation'] } } } }),
    });
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`WebKit gave no window: ${JSON.stringify(value)}`);
    const window = new WebKitWindow(base, value, origin);
    await window.command('POST', '/window/rect', { x: 0, y: 0, width, height });
    return {
      window,
      close: async () => {
        await within('the window of WebKit closing', window.command('DELETE', ''), 8_000).catch(() => undefined);
        await close();
      },
    };
  } catch (err) {
    await close();
    throw err;
  }
}
