// Many friends without as many accounts: in the place of what the server tells.

/** @param {number} i */
const make = (i) => ({
  account: `${[...String(i).padStart(25, '0')].map((d) => 'abcdefghij'[Number(d)]).join('')}4`,
  handle: `friend.${String(i).padStart(4, '0')}`,
  display_name: `Friend ${String(i).padStart(4, '0')}`,
  since: '2026-01-01T00:00:00Z',
  online: false,
});

/** Puts n more friends in what a page gets of the server. @param {import('puppeteer-core').Page} page @param {import('./server.mjs').Api} api @param {number} n */
export async function crowd(page, api, n) {
  await page.setRequestInterception(true);
  page.on('request', async (r) => {
    if (!r.url().endsWith('/api/v1/friends') || r.method() !== 'GET') return r.continue();
    const real = await api.call('GET', '/friends');
    return r.respond({ status: 200, contentType: 'application/json', body: JSON.stringify({ ...real, friends: [...real.friends, ...Array.from({ length: n }, (_, i) => make(i + 1))] }) });
  });
}
