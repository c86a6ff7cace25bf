// Nothing on the page shifts in a call: what moves is carried by a transform,
// and what comes has its place before it is there. Chromium alone measures it.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { corner, machine, middle, stageIs, stepsAside } from './lib/on-stage.mjs';
import { meet, setStage, startCall } from './lib/stage.mjs';
import { text } from './lib/text.mjs';
import { until } from './lib/wait.mjs';

/** @type {import('./lib/stage.mjs').Stage} */
let stage;
before(async () => { stage = await setStage({ names: ['Anna', 'Ben'] }); });
beforeEach(() => stage.enter());
afterEach(() => stage?.leave());
after(() => stage?.close());

/** In the page: adds up what shifts, and keeps what it was. */
function watchShifts() {
  window.__shifts = [];
  const see = (/** @type {PerformanceEntry[]} */ list) => {
    for (const entry of list) {
      const { value, hadRecentInput, sources } = /** @type {any} */ (entry);
      window.__shifts.push({ value, hadRecentInput, what: sources.map((/** @type {{node?: Element}} */ s) => `${s.node?.nodeName} ${s.node?.id || s.node?.className || ''}`) });
    }
  };
  const observer = new PerformanceObserver((list) => see(list.getEntries()));
  observer.observe({ type: 'layout-shift' });
  window.__shifted = () => {
    see(observer.takeRecords());
    return window.__shifts.splice(0);
  };
}

/**
 * What has shifted since the last look: by itself, and with what follows a press.
 * @param {import('./lib/person.mjs').Person} p
 */
async function shifted(p) {
  const all = await p.page.evaluate(() => window.__shifted());
  const sum = (/** @type {{value: number}[]} */ list) => list.reduce((n, s) => n + s.value, 0);
  return { alone: sum(all.filter((/** @type {{hadRecentInput: boolean}} */ s) => !s.hadRecentInput)), all: sum(all), why: JSON.stringify(all) };
}

for (const [what, size] of /** @type {const} */ ([['a wide screen', { width: 1280, height: 800 }], ['a phone', { width: 360, height: 740 }]])) {
  test(`nothing shifts in a call on ${what}`, async (t) => {
    const anna = await stage.arrives('Anna', { size });
    const ben = await stage.arrives('Ben');
    await anna.page.evaluate(machine);
    await ben.seesFriend('Anna', text.people.online);
    await anna.page.evaluate(watchShifts);
    await startCall(anna, ben, 'Ben');
    await meet([anna, 1], [ben, 2]);
    await pause(600); // one's own picture has glided into its corner, and no press is recent
    const joined = await shifted(anna);

    await stepsAside(anna);
    await anna.stirs();
    await until('the controls at a move', async () => !await stageIs(anna, 'bare'));
    await stepsAside(anna);
    const faded = await shifted(anna);

    await anna.page.focus('.self');
    for (const key of ['ArrowLeft', 'ArrowUp', 'ArrowRight', 'ArrowDown', 'ArrowUp']) {
      await anna.page.keyboard.press(key);
      await pause(300);
    }
    assert.equal(await corner(anna), 'start-end');
    const keyed = await shifted(anna);

    const at = await middle(anna, '.self');
    await anna.page.mouse.move(at.x, at.y);
    await anna.page.mouse.down();
    await anna.page.mouse.move(size.width / 2, size.height / 2, { steps: 8 });
    await pause(600);
    await anna.page.mouse.move(40, size.height - 150, { steps: 8 });
    await pause(600);
    await anna.page.mouse.up();
    await until('the other corner', async () => await corner(anna) === 'end-start');
    await pause(600);
    const dragged = await shifted(anna);

    const parts = { joined, faded, keyed, dragged };
    t.diagnostic(Object.entries(parts).map(([k, s]) => `${k} ${s.alone.toFixed(3)} (${s.all.toFixed(3)} with presses)`).join(', '));
    const sum = Object.values(parts).reduce((n, s) => n + s.alone, 0);
    assert.ok(sum < 0.1, `${sum}: ${Object.values(parts).map((s) => s.why).join('\n')}`);
    for (const part of /** @type {const} */ (['keyed', 'dragged'])) assert.ok(parts[part].all < 0.01, `${part}: ${parts[part].why}`);
  });
}
