// More looks at a screen as it is: do controls lie on each other, can a finger
// and a keyboard get at them, does anything move that should not, is anything
// lost where the system draws its own colours. Beside inspect.mjs.

import assert from 'node:assert/strict';
import { until } from './wait.mjs';

/** @typedef {import('./person.mjs').Person} Person */

/**
 * eyes runs in the page and sets window.__eyes: what one can press there, and
 * where it really is.
 */
function eyes() {
  if (window.__eyes) return;
  const pressable = 'a[href], button, input, select, textarea, summary, [role=button], [role=menuitem], [role=menuitemradio], [role=switch], [role=checkbox], [role=radio], [role=tab], [role=option], [role=slider], [role=link]';
  /** The part of an element that one sees: cut by everything that scrolls or clips around it. */
  const seen = (/** @type {Element} */ e) => {
    const r = e.getBoundingClientRect();
    let box = { left: r.left, top: r.top, right: r.right, bottom: r.bottom };
    const cut = (/** @type {DOMRect} */ b) => {
      box = { left: Math.max(box.left, b.left), top: Math.max(box.top, b.top), right: Math.min(box.right, b.right), bottom: Math.min(box.bottom, b.bottom) };
    };
    for (let p = e.parentElement; p && p !== document.body && p !== document.documentElement; p = p.parentElement) {
      const s = getComputedStyle(p);
      if (s.overflowX !== 'visible' || s.overflowY !== 'visible') cut(p.getBoundingClientRect());
      if (s.position === 'fixed') break;
    }
    return box;
  };
  const size = (/** @type {ReturnType<typeof seen>} */ b) => Math.min(b.right - b.left, b.bottom - b.top);
  const shown = (/** @type {Element} */ e) => {
    if (!e.checkVisibility({ opacityProperty: true, visibilityProperty: true }) || e.closest('[inert]')) return false;
    const modal = [...document.querySelectorAll('dialog:modal')].at(-1);
    const above = e.closest('[popover]');
    if (modal && !modal.contains(e) && !(above && above.matches(':popover-open'))) return false;
    for (let p = /** @type {Element | null} */ (e); p; p = p.parentElement) if (getComputedStyle(p).clipPath.startsWith('inset(50%')) return false;
    return size(seen(e)) > 1;
  };
  const name = (/** @type {Element} */ e) => {
    const words = (e.getAttribute('aria-label') || ('labels' in e && e.labels?.[0]?.textContent) || e.textContent || e.getAttribute('title') || '').replace(/\s+/g, ' ').trim();
    return `${e.tagName.toLowerCase()} "${words.slice(0, 40)}"`;
  };
  /** What floats above the page: it may lie over what scrolls beneath it. */
  const floats = (/** @type {Element} */ e) => {
    for (let p = /** @type {Element | null} */ (e); p && p !== document.body; p = p.parentElement) {
      if (p.matches('dialog[open], [popover]')) return p;
      if (/fixed|sticky/.test(getComputedStyle(p).position)) return p;
    }
    return null;
  };
  /** Whether a point belongs to a control: to itself, what is in it, or its label. */
  const hits = (/** @type {Element} */ e, /** @type {number} */ x, /** @type {number} */ y) => {
    const at = document.elementFromPoint(x, y);
    if (!at) return false;
    return e.contains(at) || ('labels' in e && [...(e.labels ?? [])].some((l) => l.contains(at)));
  };
  const controls = () => [...document.querySelectorAll(pressable)].filter((e) => shown(e) && !(e instanceof HTMLInputElement && e.type === 'hidden'));
  window.__eyes = { seen, shown, name, floats, hits, controls, size };
}

/** @param {Person} p */
const open = (p) => p.page.evaluate(eyes);

/**
 * settled waits until a screen has come to rest: letters are there, nothing
 * that ends by itself is still moving, and the page stops changing.
 * @param {Person} p
 */
export async function settled(p) {
  await until('the screen coming to rest', () => p.page.evaluate(async () => {
    await document.fonts.ready;
    const ends = (/** @type {Animation} */ a) => a.playState === 'running' && a.effect?.getComputedTiming().endTime !== Infinity;
    const words = document.body.innerText.replace(/\d+/g, ''); // clocks go on
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    return !document.getAnimations().some(ends) && document.body.innerText.replace(/\d+/g, '') === words;
  }));
}

/**
 * overlaps finds controls that lie on each other, and those that something
 * else covers wherever one scrolls.
 * @param {Person} p @param {string} where
 */
export async function overlaps(p, where) {
  await open(p);
  const found = await p.page.evaluate(() => {
    const { seen, name, floats, hits, controls, size } = window.__eyes;
    const all = controls().filter((/** @type {Element} */ e) => !e.matches(':disabled')).map((/** @type {Element} */ e) => ({ e, box: seen(e), above: floats(e) }));
    /** @type {string[]} */
    const out = [];
    for (const [i, a] of all.entries()) {
      for (const b of all.slice(i + 1)) {
        if (a.e.contains(b.e) || b.e.contains(a.e)) continue;
        const shared = { left: Math.max(a.box.left, b.box.left), top: Math.max(a.box.top, b.box.top), right: Math.min(a.box.right, b.box.right), bottom: Math.min(a.box.bottom, b.box.bottom) };
        if (shared.right - shared.left <= 1 || shared.bottom - shared.top <= 1) continue;
        if (a.above !== b.above) {
          // One floats. The other must come free when it is scrolled to.
          const under = !a.above || (b.above && (a.above.compareDocumentPosition(b.above) & Node.DOCUMENT_POSITION_FOLLOWING) && !b.above.contains(a.e)) ? a : b;
          const over = under === a ? b : a;
          if (over.above?.matches('dialog, [popover]')) continue; // it is there for a moment
          const at = [scrollX, scrollY];
          under.e.scrollIntoView({ block: 'center', behavior: 'instant' });
          const r = under.e.getBoundingClientRect();
          const free = hits(under.e, (r.left + r.right) / 2, (r.top + r.bottom) / 2);
          scrollTo({ left: at[0], top: at[1], behavior: 'instant' });
          if (!free) out.push(`${name(under.e)} stays under ${name(over.e)}`);
          continue;
        }
        // One in the other, as the eye in a password's line: fine where the small one can be pressed.
        const small = size(a.box) < size(b.box) ? a : b, big = small === a ? b : a;
        const inside = small.box.left >= big.box.left - 1 && small.box.right <= big.box.right + 1 && small.box.top >= big.box.top - 1 && small.box.bottom <= big.box.bottom + 1;
        if (inside && big.e.matches('input, textarea')) {
          small.e.scrollIntoView({ block: 'nearest', behavior: 'instant' });
          const r = small.e.getBoundingClientRect();
          if (hits(small.e, (r.left + r.right) / 2, (r.top + r.bottom) / 2)) continue;
        }
        out.push(`${name(a.e)} and ${name(b.e)} share ${Math.round(shared.right - shared.left)} × ${Math.round(shared.bottom - shared.top)} px`);
      }
    }
    return [...new Set(out)];
  });
  assert.deepEqual(found, [], `controls that lie on each other on ${where}`);
}

/**
 * reachableByFinger finds controls smaller than a fingertip, 44 px both ways.
 * Links within a sentence may be as high as its letters. What a control takes
 * beyond its box counts: points are tried.
 * @param {Person} p @param {string} where
 */
export async function reachableByFinger(p, where) {
  await open(p);
  const small = await p.page.evaluate(() => {
    const { name, controls, hits } = window.__eyes;
    const want = 44;
    /** @type {string[]} */
    const out = [];
    for (const e of controls()) {
      if (e.matches(':disabled') || (e.matches('a') && getComputedStyle(e).display === 'inline')) continue;
      // The label of a switch is pressed as well as the switch.
      const boxes = () => [e, ...('labels' in e ? e.labels ?? [] : [])].map((x) => x.getBoundingClientRect());
      const large = boxes();
      const width = Math.max(...large.map((b) => b.right)) - Math.min(...large.map((b) => b.left)), height = Math.max(...large.map((b) => b.height));
      if (width >= want - 0.5 && height >= want - 0.5) continue;
      e.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
      const r = e.getBoundingClientRect();
      const x = (r.left + r.right) / 2, y = (r.top + r.bottom) / 2, d = want / 2 - 1;
      const points = [[x - d, y], [x + d, y], [x, y - d], [x, y + d]].filter(([px, py]) => px >= 0 && py >= 0 && px < innerWidth && py < innerHeight);
      if (points.every(([px, py]) => hits(e, px, py))) continue;
      out.push(`${name(e)}: ${Math.round(r.width)} × ${Math.round(r.height)}`);
    }
    return out;
  });
  assert.deepEqual(small, [], `smaller than a fingertip on ${where}`);
}

/**
 * focusSeen runs in the page: what is wrong with how the focus shows where it
 * is now; nothing where one sees it.
 */
async function focusSeen() {
  const { name, hits } = window.__eyes;
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const e = document.activeElement;
  if (!e || e === document.body) return '';
  const ring = (/** @type {Element} */ x) => {
    const s = getComputedStyle(x);
    return s.outlineStyle !== 'none' && Number.parseFloat(s.outlineWidth) >= 2 && !/^rgba.*, 0\)$|\/ 0\)$|transparent/.test(s.outlineColor);
  };
  // The ring may be drawn by a part of the control, or by what holds it.
  const holders = [e, e.parentElement, ...e.querySelectorAll('*'), ...('labels' in e && e.labels ? [...e.labels].flatMap((l) => [l, ...l.children]) : [])];
  if (!holders.some((x) => x && ring(x))) return `${name(e)} shows no focus (${getComputedStyle(e).outline}, ${e.matches(':focus-visible')})`;
  const r = e.getBoundingClientRect();
  if (r.width <= 1 || r.height <= 1) return e.matches('input') ? '' : `${name(e)} has no size in focus`;
  if (r.bottom <= 0 || r.top >= innerHeight || r.right <= 0 || r.left >= innerWidth) return `${name(e)} is out of the window in focus`;
  const x = Math.min(Math.max((r.left + r.right) / 2, 1), innerWidth - 1), y = Math.min(Math.max((r.top + r.bottom) / 2, 1), innerHeight - 1);
  return hits(e, x, y) || e.matches('input, dialog') ? '' : `${name(e)} is covered in focus`;
}

/** showsFocusHere fails where one does not see what has the focus. @param {Person} p */
export async function showsFocusHere(p) {
  await open(p);
  await until('the focus being seen', async () => {
    const wrong = await p.page.evaluate(focusSeen);
    if (wrong) throw new Error(wrong);
    return true;
  }, 2_000);
}

/**
 * showsFocus goes through the page by Tab, and finds stops where one does not
 * see where one is: no ring, out of the window, or under something.
 * @param {Person} p @param {string} where @param {number} [most] stops
 */
export async function showsFocus(p, where, most = 60) {
  await open(p);
  if (!await p.page.evaluate(() => document.hasFocus())) {
    // Tab has left the page for Firefox’s own bar. Its driver still sends keys to the page, which shows no focus then; coming back to it helps.
    await (await p.context.newPage()).close();
    await p.page.bringToFront();
  }
  await p.page.evaluate(() => {
    const a = document.activeElement;
    if (a instanceof HTMLElement && !a.closest('dialog:modal')) a.blur();
    window.__stops = new Set();
  });
  /** @type {string[]} */
  const out = [];
  let stops = 0;
  for (; stops < most; stops++) {
    await p.page.keyboard.press('Tab');
    const fresh = await p.page.evaluate(() => {
      const e = document.activeElement;
      if (!e || e === document.body || window.__stops.has(e)) return false;
      window.__stops.add(e);
      return true;
    });
    if (!fresh) break;
    const wrong = await p.page.evaluate(focusSeen);
    if (wrong) out.push(wrong);
  }
  assert.deepEqual(out, [], `the focus on ${where}`);
  return stops;
}

/**
 * still finds what moves where the system asks for less motion.
 * @param {Person} p @param {string} where
 */
export async function still(p, where) {
  const moving = await p.page.evaluate(() => document.getAnimations()
    .filter((a) => a.playState === 'running' && Number(a.effect?.getComputedTiming().duration) > 1)
    .filter((a) => a.effect instanceof KeyframeEffect && a.effect.getKeyframes().some((k) => Object.keys(k).some((n) => /transform|translate|rotate|scale|left|right|top|bottom|inset|margin|width|height|offsetDistance/i.test(n))))
    .map((a) => {
      const e = /** @type {KeyframeEffect} */ (a.effect).target;
      return `${e?.tagName.toLowerCase()}.${e?.getAttribute('class')} ${'animationName' in a ? a.animationName : ''}`;
    }));
  assert.deepEqual(moving, [], `moves although less motion is asked for on ${where}`);
}

/**
 * keepsShape finds what has a meaning by its background alone, and so is lost
 * where the system draws its own colours (forced colours are on).
 * @param {Person} p @param {string} where
 */
export async function keepsShape(p, where) {
  await open(p);
  const lost = await p.page.evaluate(() => {
    const { name, controls } = window.__eyes;
    if (!matchMedia('(forced-colors: active)').matches) return ['forced colours are not on'];
    const drawn = (/** @type {Element} */ e) => {
      const s = getComputedStyle(e);
      const side = (/** @type {string} */ n) => s.getPropertyValue(`border-${n}-style`) !== 'none' && Number.parseFloat(s.getPropertyValue(`border-${n}-width`)) > 0;
      return s.forcedColorAdjust === 'none' || ['top', 'bottom'].some(side) || (s.outlineStyle !== 'none' && Number.parseFloat(s.outlineWidth) > 0);
    };
    /** @type {string[]} */
    const out = [];
    const own = (/** @type {Element} */ e) => e.matches('input[type=range], input[type=checkbox], input[type=radio], select, progress, meter') && getComputedStyle(e).appearance !== 'none';
    const parts = (/** @type {Element} */ e) => [undefined, '::before', '::after'].map((part) => getComputedStyle(e, part)).filter((s, i) => i === 0 || s.content !== 'none');
    const edged = (/** @type {CSSStyleDeclaration} */ s) => ['top', 'bottom'].some((n) => s.getPropertyValue(`border-${n}-style`) !== 'none' && Number.parseFloat(s.getPropertyValue(`border-${n}-width`)) > 0);
    for (const e of controls()) {
      const words = /** @type {HTMLElement} */ (e).innerText?.trim(), picture = e.querySelector('svg, img, video, canvas');
      if (!words && !picture && !own(e) && ![e, ...e.querySelectorAll('*')].some((x) => drawn(x) || parts(x).some(edged))) out.push(name(e));
    }
    // What is chosen has to look another way than its neighbour that isn't.
    const chosen = '[aria-checked=true], [aria-selected=true], [aria-pressed=true], [aria-current]:not([aria-current=false]), input[type=radio]:checked, input[type=checkbox]:checked';
    const look = (/** @type {Element} */ e) => [e, ...e.querySelectorAll('*')].flatMap(parts).map((s) => [
      s.borderTopColor, s.borderTopStyle, s.borderTopWidth, s.borderBottomStyle, s.borderBottomWidth, s.outlineStyle, s.outlineWidth, s.textDecorationLine, s.fontWeight, s.color, s.content,
      s.backgroundColor, s.insetInlineStart, s.translate, s.transform,
    ].join()).join(';');
    const whole = (/** @type {Element} */ e) => (e.matches('input') ? e.closest('label') ?? e : e);
    for (const e of [...document.querySelectorAll(chosen)].filter((x) => controls().includes(x) || x.matches('input'))) {
      if (own(e) && getComputedStyle(e).opacity !== '0' && !getComputedStyle(e).clipPath.startsWith('inset')) continue;
      const box = e.closest('[role=radiogroup], [role=tablist], [role=listbox], [role=menu], fieldset, nav, ul, ol') ?? e.parentElement;
      const other = [...(box?.querySelectorAll(e.tagName) ?? [])].find((x) => x !== e && !x.matches(chosen) && x.getAttribute('role') === e.getAttribute('role') && x.getAttribute('type') === e.getAttribute('type'));
      if (other && look(whole(e)) === look(whole(other))) out.push(`that ${name(e)} is chosen, and ${name(other)} isn’t`);
    }
    // Icons are drawn in the colour of the letters around them; where that is the ground’s, nothing is left.
    for (const svg of document.querySelectorAll('button svg, a svg')) {
      if (!svg.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
      const s = getComputedStyle(svg);
      let ground = 'rgba(0, 0, 0, 0)';
      for (let e = /** @type {Element | null} */ (svg); e && /^rgba.*, 0\)$|\/ 0\)$|transparent/.test(ground); e = e.parentElement) ground = getComputedStyle(e).backgroundColor;
      if (s.stroke === ground && s.fill !== 'none' && s.fill === ground) out.push(`an icon in ${name(/** @type {Element} */ (svg.closest('button, a')))}`);
    }
    return [...new Set(out)];
  });
  assert.deepEqual(lost, [], `lost in forced colours on ${where}`);
}
