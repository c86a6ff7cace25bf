// Waiting on conditions: each with a time limit and a sentence that says what
// did not come. Nothing here waits for time alone.

import { setTimeout as pause } from 'node:timers/promises';

const step = 40; // milliseconds between two looks at a condition

/**
 * until calls look until it returns something truthy, and returns that. A look
 * that throws counts as "not yet"; its error is told if nothing better comes.
 * @template T
 * @param {string} what what is waited for, for the failure's text
 * @param {() => T | Promise<T>} look
 * @param {number} [limit] milliseconds
 * @returns {Promise<NonNullable<T>>}
 */
export async function until(what, look, limit = 10_000) {
  const end = performance.now() + limit;
  let last;
  for (;;) {
    try {
      last = await look();
      if (last) return /** @type {NonNullable<T>} */ (last);
    } catch (err) {
      last = err;
    }
    if (performance.now() > end) {
      const seen = last instanceof Error ? last.message : JSON.stringify(last);
      throw new Error(`${limit} ms passed without: ${what}; last seen: ${seen}`);
    }
    await pause(step);
  }
}

/**
 * within returns what promise gives, or fails after limit.
 * @template T
 * @param {string} what
 * @param {Promise<T>} promise
 * @param {number} limit milliseconds
 * @returns {Promise<T>}
 */
export async function within(what, promise, limit) {
  const stop = new AbortController();
  try {
    return await Promise.race([
      promise,
      pause(limit, undefined, { signal: stop.signal }).then(() => {
        throw new Error(`${limit} ms passed without: ${what}`);
      }),
    ]);
  } finally {
    stop.abort();
  }
}
