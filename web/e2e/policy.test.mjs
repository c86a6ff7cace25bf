// The page's content security policy and Trusted Types, tried from inside the
// page in both browsers: what an injected script would do fails.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setStage } from './lib/stage.mjs';

/** @type {import('./lib/stage.mjs').Stage} */
let stage;
before(async () => { stage = await setStage({ names: ['Anna'], browsers: ['chromium', 'firefox'] }); });
beforeEach(() => stage.enter());
afterEach(() => stage?.leave());
after(() => stage?.close());

test('the policy allows no inline and no eval, on every address', async () => {
  for (const path of ['/', '/invite', '/login', '/settings', '/nowhere', '/api/v1/server', '/api/v1/nowhere']) {
    const answer = await fetch(stage.server.origin + path);
    const policy = answer.headers.get('content-security-policy') ?? '';
    assert.doesNotMatch(policy, /unsafe-inline|(?<!wasm-)unsafe-eval|\*|https?:/, path);
    assert.match(policy, /default-src 'none'/, path);
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff', path);
    if (!path.startsWith('/api')) {
      const parts = ["script-src 'self' 'wasm-unsafe-eval';", "style-src 'self';", "require-trusted-types-for 'script'", "frame-ancestors 'none'", "base-uri 'none'"];
      for (const part of parts) assert.ok(policy.includes(part), `${path}: no ${part} in ${policy}`);
    }
  }
});

/** Tries, inside the page, what an attacker would; resolves with what worked. */
async function attack() {
  /** @type {string[]} */
  const worked = [];
  const tries = (/** @type {string} */ what, /** @type {() => void} */ fn) => {
    try {
      fn();
    } catch { /* refused, as it should be */ }
    if (window.__ran) worked.push(what);
    window.__ran = false;
  };
  tries('an inline script', () => document.body.append(Object.assign(document.createElement('script'), { text: 'window.__ran = true' })));
  tries('innerHTML', () => {
    const box = document.createElement('div');
    document.body.append(box);
    box.innerHTML = '<img src=x>';
    if (box.firstChild) window.__ran = true;
  });
  tries('a handler in an attribute', () => {
    const b = document.createElement('button');
    b.setAttribute('onclick', 'window.__ran = true');
    document.body.append(b);
    b.click();
  });
  tries('a policy of its own', () => {
    window.trustedTypes.createPolicy('evil', { createScriptURL: (/** @type {string} */ s) => s });
    window.__ran = true;
  });
  tries('a policy by our name', () => {
    window.trustedTypes.createPolicy(window.__policies[0]?.name ?? 'ringfence', { createScriptURL: (/** @type {string} */ s) => s });
    window.__ran = true;
  });
  tries('a worker from a string', () => {
    new Worker('/assets/evil.js');
    window.__ran = true;
  });
  // Not from the debugger's own call, which may be let through.
  await new Promise((done) => {
    setTimeout(() => {
      tries('eval', () => (0, eval)('window.__ran = true'));
      tries('new Function', () => new Function('window.__ran = true')());
      tries('a timer from a string', () => setTimeout('window.__ran = true'));
      done(undefined);
    });
  });
  return worked;
}

/** What our own policies let through of addresses that are not ours. */
function policies() {
  const urls = ['https://evil.example/w.js', '//evil.example/w.js', '/assets/other.js', '/api/v1/server', 'data:text/javascript,1', 'blob:x', '', '/sw.js?x=1'];
  return window.__policies.flatMap((/** @type {any} */ p) => urls.filter((u) => {
    try {
      p.createScriptURL(u);
      return true;
    } catch {
      return false;
    }
  }));
}

for (const kind of /** @type {const} */ (['chromium', 'firefox'])) {
  test(`what an injected script would try fails in ${kind}`, async () => {
    const anna = await stage.arrives('Anna', { on: kind });
    await anna.page.evaluateOnNewDocument(() => {
      window.__policies = [];
      const types = window.trustedTypes;
      const create = types.createPolicy.bind(types);
      types.createPolicy = (/** @type {string} */ name, /** @type {any} */ rules) => {
        const p = create(name, rules);
        window.__policies.push(p);
        return p;
      };
    });
    await anna.open('/');
    anna.expected.push(/./); // every refusal is an error in the console, and is what is wanted here
    assert.deepEqual(await anna.page.evaluate(attack), []);
    assert.equal(await anna.page.evaluate(() => window.__policies.length), 1, 'one policy');
    assert.deepEqual(await anna.page.evaluate(policies), []);
  });
}
