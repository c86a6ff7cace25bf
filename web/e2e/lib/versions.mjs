// A server in front of the program that hands out another version of the
// client, as the program does after an update: other names for the first
// files, another page, another worker. The API and the WebSocket pass.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';

/** @param {string | Buffer} body */
const hash = (body) => createHash('sha256').update(body).digest('hex').slice(0, 24);

/**
 * versions passes on to a port of this machine, and lets a test put another
 * version in the place of the first.
 * @param {number} port
 */
export async function versions(port) {
  let version = 1;
  let worker = true;
  let meddles = false;
  let open = true;
  /** What the pages asked for since the last look. @type {string[]} */
  let asked = [];
  /** @type {Set<import('node:net').Socket>} */
  const sockets = new Set();

  /** @param {string} path @param {import('node:http').IncomingHttpHeaders} headers @param {string} method @param {Buffer} [body] */
  const get = (path, headers, method = 'GET', body = undefined) => new Promise((done, fail) => {
    const ask = request({ port, host: '127.0.0.1', path, method, headers: { ...headers, 'accept-encoding': 'identity' } }, async (answer) => {
      const parts = [];
      for await (const part of answer) parts.push(part);
      done({ status: answer.statusCode ?? 500, headers: answer.headers, body: Buffer.concat(parts) });
    });
    ask.on('error', fail).end(body);
  });

  /** What the built files are called in a version. @param {string} text */
  const renamed = (text) => (version === 1 ? text : text.replaceAll(/(assets\/|\.\/)([\w-]+-[\w-]{8})\.(js|css)\b/g, `$1$2.v${version}.$3`));
  /** A page or script of this version. @param {string} path @param {string} text */
  const rewritten = (path, text) => {
    const now = renamed(text);
    if (version === 1) return now;
    return path === '/' ? now.replace('<head>', `<head><meta name="version" content="${version}">`) : now;
  };

  /** @param {string} path @param {import('node:http').IncomingHttpHeaders} headers */
  const file = async (path, headers) => {
    const clean = path.split('?')[0];
    if (clean === '/sw.js') {
      if (!worker) return { status: 404, headers: { 'content-type': 'text/plain' }, body: Buffer.from('') };
      const answer = await get('/sw.js', headers);
      const [all, from] = /** @type {RegExpExecArray} */ (/\{"version":"(\w+)","shell":\[.*?\]\],"later":\[.*?\]\]\}/.exec(answer.body.toString()));
      if (version === 1) return answer;
      const build = JSON.parse(all);
      build.version = `${from}v${version}`;
      const each = async (/** @type {[string, string][]} */ list) => Promise.all(list.map(async ([name]) => {
        const to = renamed(name);
        return [to, hash((await file(to === '/index.html' ? '/' : to, headers)).body)];
      }));
      build.shell = await each(build.shell);
      build.later = await each(build.later);
      return { ...answer, body: Buffer.from(answer.body.toString().replace(all, JSON.stringify(build))) };
    }
    const [, of] = /\.v(\d+)\.(?:js|css)$/.exec(clean) ?? [];
    const plain = clean.replace(/\.v\d+\.(js|css)$/, '.$1');
    if (/^\/assets\/.*\.(?:js|css)$/.test(plain) && Number(of ?? 1) !== version) return { status: 404, headers: { 'content-type': 'text/plain' }, body: Buffer.from('gone') };
    const answer = await get(plain, headers);
    const isPage = answer.headers['content-type']?.startsWith('text/html');
    if (isPage || /\.js$/.test(plain)) answer.body = Buffer.from(rewritten(isPage ? '/' : plain, answer.body.toString()));
    return answer;
  };

  const server = createServer(async (ask, answer) => {
    const path = ask.url ?? '/';
    if (path !== '/sw.js') asked.push(path);
    try {
      const parts = [];
      for await (const part of ask) parts.push(part);
      const headers = { ...ask.headers };
      delete headers['if-none-match'];
      const got = path.startsWith('/api/') || ask.method !== 'GET' ? await get(path, headers, ask.method, Buffer.concat(parts)) : await file(path, headers);
      if (meddles && path === '/') got.body = Buffer.concat([got.body, Buffer.from('<!-- meddled -->')]);
      const rest = { ...got.headers, 'content-length': got.body.length };
      delete rest.etag;
      answer.writeHead(got.status, rest).end(got.body);
    } catch {
      answer.destroy();
    }
  });
  server.on('upgrade', (ask, near, head) => {
    const far = connect(port, '127.0.0.1');
    const lines = Object.entries(ask.headers).map(([k, v]) => `${k}: ${v}`).join('\r\n');
    far.write(`${ask.method} ${ask.url} HTTP/1.1\r\n${lines}\r\n\r\n`);
    far.write(head);
    near.pipe(far).pipe(near);
    for (const s of [near, far]) s.on('error', () => { near.destroy(); far.destroy(); });
  });
  server.on('connection', (socket) => {
    if (!open) socket.destroy();
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const drop = () => { for (const s of sockets) s.destroy(); };
  return {
    origin: `http://localhost:${typeof address === 'object' && address ? address.port : 0}`,
    /** Serves another version from now on, as after an update of the program: every connection ends. */
    update: () => {
      version++;
      drop();
    },
    /** Serves no worker from now on. */
    withoutWorker: () => { worker = false; },
    /** Something on the way changes the page from now on, so that no worker takes it for the one that was built. */
    meddle: () => { meddles = true; },
    /** The machine is switched off, and on. @param {boolean} on */
    power: (on) => {
      open = on;
      if (!on) drop();
    },
    asked: () => asked.splice(0),
    close: async () => {
      drop();
      server.close();
      drop();
      await once(server, 'close');
    },
  };
}
