// A wire between browser and program that can be cut: all of it, or only the
// WebSockets that run over it.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/**
 * wire passes connections on to a port of this machine.
 * @param {number} port
 */
export async function wire(port) {
  /** @type {Set<{near: import('node:net').Socket, far: import('node:net').Socket, signal: boolean}>} */
  const open = new Set();
  let cut = /** @type {'none' | 'signal' | 'all'} */ ('none');
  const server = createServer((near) => {
    if (cut === 'all') return near.destroy();
    const far = connect(port, '127.0.0.1');
    const pair = { near, far, signal: false };
    open.add(pair);
    const end = () => {
      near.destroy();
      far.destroy();
      open.delete(pair);
    };
    near.on('data', (b) => {
      if (!pair.signal && b.subarray(0, 64).includes('/api/v1/signal')) pair.signal = true;
      if (pair.signal && cut === 'signal') return end();
      far.write(b);
    });
    far.on('data', (b) => near.write(b));
    for (const s of [near, far]) s.on('close', end).on('error', end);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    origin: `http://localhost:${typeof address === 'object' && address ? address.port : 0}`,
    /** Cuts what runs now and refuses what comes, until mend. @param {'signal' | 'all'} what */
    cut: (what) => {
      cut = what;
      for (const p of open) {
        if (what === 'all' || p.signal) {
          p.near.destroy();
          p.far.destroy();
        }
      }
    },
    mend: () => { cut = 'none'; },
    signals: () => [...open].filter((p) => p.signal).length,
    close: async () => {
      for (const p of open) p.near.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
