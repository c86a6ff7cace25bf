// Looking a screen over: can everybody use it, does it fit, does every word
// come from the catalogue.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/** @typedef {import('./person.mjs').Person} Person */

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/**
 * accessible runs axe over the page as it is. Its source goes in by the
 * debugger, which the page's policy does not hold.
 * @param {Person} p @param {string} where
 */
export async function accessible(p, where) {
  if (!await p.page.evaluate(() => 'axe' in window)) await p.page.evaluate(axe);
  const found = await p.page.evaluate(async () => {
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const result = await window.axe.run(document, { runOnly: tags, resultTypes: ['violations'] });
    if (result.passes.length < 5) return [`axe looked at next to nothing: ${result.passes.length} rules`];
    return result.violations.map((/** @type {any} */ v) => `${v.id} (${v.impact}): ${v.nodes.map((/** @type {any} */ n) => n.target.join(' ')).join(', ')}`);
  });
  assert.deepEqual(found, [], `axe on ${where}`);
}

/**
 * saidOnce finds titles that say what the name of the thing says already: a
 * screen reader says both.
 * @param {Person} p @param {string} where
 */
export async function saidOnce(p, where) {
  const twice = await p.page.evaluate(() => [...document.querySelectorAll('[title]')].filter((e) => {
    const names = [e.getAttribute('aria-label'), ...('labels' in e ? [...(/** @type {HTMLInputElement} */ (e).labels ?? [])].map((l) => l.textContent) : []), e.textContent];
    return names.some((n) => n?.trim() === e.getAttribute('title')?.trim());
  }).map((e) => `${e.tagName.toLowerCase()} "${e.getAttribute('title')}"`));
  assert.deepEqual(twice, [], `said twice on ${where}`);
}

/**
 * fits finds what is wider than its place.
 * @param {Person} p @param {string} where
 */
export async function fits(p, where) {
  const wide = await p.page.evaluate(() => {
    const root = document.documentElement;
    const out = root.scrollWidth > root.clientWidth ? [`page: ${root.scrollWidth} in ${root.clientWidth}`] : [];
    const unseen = (/** @type {Element | null} */ e) => e !== null && (getComputedStyle(e).clipPath !== 'none' || unseen(e.parentElement));
    /** Whether d makes e wider by a margin of its own below nought: drawn so, as the ground of a row that reaches beyond its letters. */
    const meant = (/** @type {Element} */ d, /** @type {Element} */ e) => {
      const s = getComputedStyle(d), extra = -Math.min(Number.parseFloat(s.marginLeft), Number.parseFloat(s.marginRight), 0);
      return extra > 0 && e.scrollWidth - e.clientWidth <= extra + 1;
    };
    /** @type {HTMLElement[]} */
    const found = [];
    for (const e of document.body.querySelectorAll('*')) {
      if (!(e instanceof HTMLElement) || !e.checkVisibility({ visibilityProperty: true })) continue;
      const style = getComputedStyle(e), box = e.getBoundingClientRect();
      const hidden = unseen(e) || box.width <= 1 || box.height <= 1; // for screen readers alone
      if (hidden || style.display === 'inline' || /auto|scroll/.test(style.overflowX) || e.matches('input, textarea, video, canvas, svg')) continue;
      if (e.scrollWidth <= e.clientWidth + 1 || e.clientWidth === 0 || e.matches('.face.rings')) continue; // a face that rings breathes
      const sticksOut = [...e.querySelectorAll('*')].some((d) => meant(d, e));
      if (!sticksOut) found.push(e);
    }
    // What holds it is wider, too: the innermost says enough.
    for (const e of found.filter((x) => !found.some((y) => y !== x && x.contains(y)))) {
      out.push(`${e.tagName.toLowerCase()}.${e.className} "${e.innerText.replace(/\s+/g, ' ').slice(0, 40)}": ${e.scrollWidth} in ${e.clientWidth}`);
    }
    return out;
  });
  assert.deepEqual(wide, [], `wider than its place on ${where}`);
}

/**
 * translated finds words that never were in the catalogue: those outside the
 * brackets of the pseudo-language, other than what people themselves wrote.
 * @param {Person} p @param {string} where @param {RegExp[]} data
 */
export async function translated(p, where, data) {
  const bare = await p.page.evaluate((sources) => {
    const known = sources.map((s) => new RegExp(s, 'g'));
    const strip = (/** @type {string} */ s) => known.reduce((rest, k) => rest.replace(k, ''), s.replace(/⟦[^⟧]*⟧/g, ''));
    /** @type {string[]} */
    const out = [];
    const see = (/** @type {string | null} */ s, /** @type {string} */ at) => {
      if (s && /\p{L}/u.test(strip(s))) out.push(`${at}: ${s}`);
    };
    for (const e of document.body.querySelectorAll('*')) {
      if (e.matches('script, style') || !e.checkVisibility()) continue;
      for (const name of ['aria-label', 'aria-description', 'aria-valuetext', 'title', 'placeholder', 'alt']) see(e.getAttribute(name), `${e.tagName.toLowerCase()}[${name}]`);
      if (![...e.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.textContent?.trim())) continue;
      // A sentence may have elements in it: it is judged by the block it stands in.
      let block = e;
      while (block.parentElement && /^(inline|contents)/.test(getComputedStyle(block).display)) block = block.parentElement;
      see(block.textContent, block.tagName.toLowerCase());
    }
    see(document.title, 'title');
    return [...new Set(out)];
  }, data.map((d) => d.source));
  assert.deepEqual(bare, [], `not from the catalogue on ${where}`);
}
