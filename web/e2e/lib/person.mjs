// A person in front of a browser: sees what is on the page, presses what has a
// name, and notices every error that the page makes.

import assert from 'node:assert/strict';
import { devices, instruments } from './probe.mjs';
import { text } from './text.mjs';
import { until } from './wait.mjs';

/** @typedef {import('puppeteer-core').Page} Page */
/** @typedef {'button' | 'link' | 'textbox' | 'checkbox' | 'heading' | 'alert' | 'dialog'} Role */

/**
 * find runs in the page: the last visible element of a role whose accessible
 * name is the one given, or which matches it, and that nothing makes inert.
 * @param {string} role
 * @param {string} name
 * @param {boolean} pattern
 */
export function find(role, name, pattern) {
  const roles = {
    button: 'button, summary, [role=button], [role=menuitem], input[type=submit]',
    link: 'a[href]',
    textbox: 'input:not([type=checkbox]):not([type=radio]), textarea',
    checkbox: 'input[type=checkbox], [role=switch], [role=checkbox]',
    heading: 'h1, h2, h3',
    alert: '[role=alert], [role=status]',
    dialog: 'dialog[open], [role=dialog], [role=alertdialog]',
  };
  const words = (/** @type {Element} */ e) => {
    const labelled = e.getAttribute('aria-labelledby');
    const by = labelled ? labelled.split(/\s+/).map((id) => document.getElementById(id)?.textContent ?? '').join(' ') : '';
    const labels = 'labels' in e && e.labels ? [...e.labels].map((l) => l.textContent).join(' ') : '';
    return (e.getAttribute('aria-label') || by || labels || e.textContent || e.getAttribute('title') || '').replace(/\s+/g, ' ').trim();
  };
  const modal = [...document.querySelectorAll('dialog:modal')].at(-1); // what lies under it is out of reach
  const matches = (/** @type {Element} */ e) => {
    if (!e.checkVisibility({ visibilityProperty: true }) || e.closest('[inert]') || (modal && !modal.contains(e))) return false;
    return pattern ? new RegExp(name).test(words(e)) : words(e) === name;
  };
  return [...document.querySelectorAll(roles[role] ?? '')].filter(matches).at(-1) ?? null;
}

/**
 * reachable runs in the page: whether a person could press the element now,
 * which lies still, is not switched off, and has nothing before it.
 * @param {Element} e
 */
export async function reachable(e) {
  if (('disabled' in e && e.disabled === true) || e.getAttribute('aria-disabled') === 'true') return false;
  e.scrollIntoView({ block: 'nearest', behavior: 'instant' });
  const place = () => {
    const { x, y, width, height } = e.getBoundingClientRect();
    return [x, y, width, height];
  };
  const before = place();
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const now = place();
  if (now.some((n, i) => n !== before[i])) return false;
  const hit = document.elementFromPoint(now[0] + now[2] / 2, now[1] + now[3] / 2);
  return hit !== null && (e.contains(hit) || hit.contains(e));
}

/**
 * aim runs in the page before a press of the element: should another one have
 * come under the pointer by the time it goes down, as where a friend comes and
 * the list moves, the press does nothing there. A person sees where they press.
 * @param {Element} e
 */
export function aim(e) {
  window.__aim?.end();
  const kinds = ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click'];
  const { x, y, width, height } = e.getBoundingClientRect();
  const before = document.elementFromPoint(x + width / 2, y + height / 2); // e, in it, or around it where it lets presses through
  const hits = (/** @type {EventTarget | null} */ t) => t instanceof Element && (e.contains(t) || (t === before && t.contains(e)) || t.closest('label')?.contains(e) === true);
  const hold = (/** @type {Event} */ event) => {
    if (!event.isTrusted) return;
    if (event.type === 'pointerdown') window.__aim.missed = !hits(event.target);
    if (!window.__aim.missed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  const end = () => kinds.forEach((k) => removeEventListener(k, hold, true));
  kinds.forEach((k) => addEventListener(k, hold, true));
  window.__aim = { missed: false, end };
}

/** Runs in the page after a press: whether it went down where it was meant to. */
export function landed() {
  window.__aim?.end();
  return !window.__aim?.missed;
}

/** What a person can read on the page. */
export function visibleText() {
  return document.body.innerText.replace(/\s+/g, ' ');
}

export class Person {
  /** @type {string[]} */
  errors = [];
  /** Errors that a test means to make. @type {RegExp[]} */
  expected = [];
  /** What the browser asked before the page would go, in order; who doesn't stay, goes. @type {string[]} */
  asked = [];
  stays = false;
  gone = false;
  moved = false;

  /**
   * @param {import('puppeteer-core').BrowserContext} context
   * @param {Page} page
   * @param {string} origin
   */
  constructor(context, page, origin) {
    this.context = context;
    this.page = page;
    this.origin = origin;
    page.on('console', (m) => {
      if (m.type() === 'error') this.errors.push(`console: ${m.text()} ${m.location()?.url ?? ''}`);
    });
    page.on('dialog', (d) => {
      this.asked.push(d.type());
      void (this.stays ? d.dismiss() : d.accept()).catch(() => undefined);
    });
    page.on('pageerror', (e) => this.errors.push(`page: ${e instanceof Error ? e.message : String(e)}`));
  }

  /**
   * arrive opens a window of its own, with drawn devices unless real is set.
   * @param {import('puppeteer-core').Browser} browser
   * @param {string} origin
   * @param {{devices?: Partial<import('./probe.mjs').Devices> & {side: number}, real?: boolean, api?: import('./server.mjs').Api, size?: {width: number, height: number}, local?: Record<string, string>, path?: string, dark?: boolean, before?: (p: Person) => Promise<void>}} options
   */
  static async arrive(browser, origin, options) {
    const context = await browser.createBrowserContext();
    const page = await context.newPage();
    const person = new Person(context, page, origin);
    if (options.size) await page.setViewport(options.size);
    const firefox = /firefox/i.test(await browser.version());
    if (options.dark && !firefox) await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'dark' }]);
    await page.evaluateOnNewDocument(instruments);
    if (options.devices && !options.real) await page.evaluateOnNewDocument(devices, { tone: toneOf(options.devices.side), ...options.devices });
    await page.evaluateOnNewDocument((items) => {
      try {
        for (const [k, v] of Object.entries(items)) localStorage.setItem(k, v);
      } catch { /* about:blank has none */ }
    }, { ...(options.dark && firefox ? { 'ringfence.theme': 'dark' } : {}), ...options.local }); // Firefox’s driver can’t say what the system wants; the person can
    if (options.api) {
      const at = options.api.cookie.indexOf('=');
      await context.setCookie({
        name: options.api.cookie.slice(0, at), value: options.api.cookie.slice(at + 1), domain: new URL(origin).hostname,
        path: '/', httpOnly: true, sameSite: 'Strict', secure: origin.startsWith('https:'),
      });
    }
    await options.before?.(person);
    await person.open(options.path ?? '/');
    return person;
  }

  /** @param {string} path */
  async open(path) {
    await this.page.goto(this.origin + path, { waitUntil: 'load' });
  }

  /** @param {Role} role @param {string | RegExp} name */
  async look(role, name) {
    const handle = await this.page.evaluateHandle(find, role, name instanceof RegExp ? name.source : name, name instanceof RegExp);
    return /** @type {import('puppeteer-core').ElementHandle<HTMLElement> | null} */ (handle.asElement());
  }

  /** @param {Role} role @param {string | RegExp} name @param {number} [limit] */
  async finds(role, name, limit) {
    return until(`${role} "${name}"`, () => this.look(role, name), limit).catch(async (err) => {
      throw new Error(`${err.message}\nthe page says: ${await this.reads()}`);
    });
  }

  /** Waits until an element is gone. @param {Role} role @param {string | RegExp} name */
  async misses(role, name) {
    await until(`${role} "${name}" being gone`, async () => await this.look(role, name) === null);
  }

  /** Presses a button or follows a link. @param {string | RegExp} name @param {Role} [role] @param {number} [limit] */
  async presses(name, role = 'button', limit = undefined) {
    await until(`pressing ${role} "${name}"`, async () => {
      const e = await this.finds(role, name, limit);
      if (!await e.evaluate(reachable)) {
        await this.stirs();
        return false;
      }
      await e.evaluate(aim);
      await e.click();
      return this.page.evaluate(landed).catch(() => true); // a page that has gone was pressed
    }, limit).catch(async (err) => {
      if (err.message.includes('the page says:')) throw err;
      throw new Error(`${err.message}\nthe page says: ${await this.reads().catch(() => 'nothing')}`);
    });
  }

  /** Moves the mouse a little: what has stepped aside comes back. */
  async stirs() {
    this.moved = !this.moved;
    await this.page.mouse.move(this.moved ? 3 : 9, 3);
  }

  /** @param {string | RegExp} label @param {string} value */
  async writes(label, value) {
    const e = await this.finds('textbox', label);
    await e.click();
    await e.evaluate((x) => /** @type {HTMLInputElement} */ (x).select());
    await this.page.keyboard.type(value);
    assert.equal(await e.evaluate((x) => /** @type {HTMLInputElement} */ (x).value), value);
  }

  /** @param {string | RegExp} label @returns {Promise<string>} */
  async written(label) {
    return (await this.finds('textbox', label)).evaluate((x) => /** @type {HTMLInputElement} */ (x).value);
  }

  async reads() {
    return this.page.evaluate(visibleText);
  }

  /** Waits until the page shows words. @param {string | RegExp} words @param {number} [limit] */
  async sees(words, limit) {
    let shown = '';
    await until(`seeing "${words}"`, async () => {
      shown = await this.reads();
      const bare = (/** @type {string} */ s) => s.replace(/[\u2066-\u2069]/g, '').replace(/\s+/g, ' '); // marks of direction, which browsers read out or not
      return words instanceof RegExp ? words.test(shown) : bare(shown).includes(bare(words));
    }, limit).catch((err) => { throw new Error(`${err.message}\nthe page says: ${shown}`); });
  }

  /** Waits until the page no longer shows words. @param {string} words @param {number} [limit] */
  async seesNo(words, limit) {
    await until(`"${words}" being gone`, async () => !(await this.reads()).includes(words), limit);
  }

  /** Waits until a friend's line in the list says words. @param {string} name @param {string} words @param {number} [limit] */
  async seesFriend(name, words, limit) {
    await until(`"${words}" beside ${name}`, () => this.page.evaluate((who, what) => {
      const row = [...document.querySelectorAll('li')].find((li) => li.querySelector('.name')?.textContent === who);
      return row?.innerText.includes(what);
    }, name, words), limit).catch(async (err) => { throw new Error(`${err.message}\nthe page says: ${await this.reads()}`); });
  }

  /** Follows a friend's name in the list. @param {string} name */
  async goesTo(name) {
    await this.presses(new RegExp(`^${name} ?(${text.people.online}|${text.people.offline})$`), 'link');
    await this.finds('heading', name);
  }

  /** Waits until the other side's picture moves on: the counter of side grows. @param {number} side */
  async watches(side) {
    const look = () => this.page.evaluate((s) => window.__probe.pictures().find((/** @type {{side: number}} */ p) => p.side === s), side);
    const first = await until(`a picture of side ${side}`, look, 15_000);
    await until(`side ${side}'s counter growing past ${first.counter}`, async () => {
      const now = await look();
      return now && ((now.counter - first.counter) & 0xfff) > 5;
    });
  }

  /** Waits until the other side's tone is the loudest heard. @param {number} side */
  async hears(side) {
    const want = toneOf(side);
    await until(`a tone of ${want} Hz`, async () => {
      const tones = await this.page.evaluate(() => window.__probe.tones());
      return tones.some((/** @type {{hertz: number, level: number}} */ x) => x.level > -60 && Math.abs(x.hertz - want) < 30) || Promise.reject(new Error(JSON.stringify(tones)));
    }, 15_000);
  }

  /** Waits for silence. */
  async hearsNothing() {
    await until('silence', () => this.page.evaluate(() => window.__probe.tones().every((/** @type {{level: number}} */ x) => x.level < -75)));
  }

  /** How the call's media travels. */
  async route() {
    return until('a route', () => this.page.evaluate(() => window.__probe.route()));
  }

  /** Ends the window; fails on any error that the page made and the test did not mean to. */
  async leaves() {
    if (this.gone) return;
    this.gone = true;
    const violations = await this.page.evaluate(() => window.__probe?.violations ?? []).catch(() => []);
    await this.context.close();
    const all = [...this.errors, ...violations.map((/** @type {string} */ v) => `refused by the policy: ${v}`)];
    assert.deepEqual(all.filter((e) => !this.expected.some((x) => x.test(e))), [], 'errors on the page');
  }
}

/** The tone of a side's microphone: far from each other and from a multiple. @param {number} side */
export function toneOf(side) {
  return 400 + side * 170;
}
