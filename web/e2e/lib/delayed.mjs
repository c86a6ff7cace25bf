// A server far away: what goes to it and what comes from it takes its time on
// the way. Pages come by a port of this machine that passes TCP on, and find the relay
// at another that passes UDP on, each as late as it is told.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';

/**
 * delayed puts a round trip between browsers and a server.
 * @param {{http: number, turn: number}} ports @param {number} rtt milliseconds
 */
export async function delayed({ http, turn }, rtt) {
  const half = rtt / 2;
  // The relay meets peers at the address that it is come to by: not loopback, which it refuses.
  const host = Object.values(networkInterfaces()).flat().find((a) => a && !a.internal && a.family === 'IPv4')?.address ?? '127.0.0.1';
  const late = (/** @type {() => void} */ fn) => setTimeout(fn, half);
  /** @type {Set<import('node:net').Socket>} */
  const open = new Set();
  const tcp = createServer({ noDelay: true }, (near) => {
    const far = connect({ port: http, host: '127.0.0.1', noDelay: true });
    for (const [from, to] of [[near, far], [far, near]]) {
      open.add(from);
      from.on('data', (b) => late(() => to.write(b)));
      from.on('close', () => {
        open.delete(from);
        late(() => to.destroy());
      });
      from.on('error', () => undefined);
    }
  }).listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  const udp = createSocket('udp4');
  /** @type {Map<string, import('node:dgram').Socket>} */
  const clients = new Map();
  udp.on('message', (b, { address, port }) => {
    const from = `${address} ${port}`;
    let out = clients.get(from);
    if (!out) {
      out = createSocket('udp4');
      out.on('message', (answer) => late(() => { if (!closed) udp.send(answer, port, address); }));
      clients.set(from, out);
    }
    late(() => { if (!closed) out.send(b, turn, host); });
  });
  let closed = false;
  udp.bind(0, host);
  await once(udp, 'listening');
  const address = tcp.address();
  return {
    origin: `http://localhost:${typeof address === 'object' && address ? address.port : 0}`,
    turn: udp.address().port,
    close: () => {
      closed = true;
      udp.close();
      for (const s of clients.values()) s.close();
      for (const s of open) s.destroy();
      tcp.close();
    },
  };
}

/**
 * detour runs in the page: relays over UDP are asked for at a port of this machine.
 * @param {number} port
 */
export function detour(port) {
  const there = (/** @type {RTCConfiguration} */ c = {}) => ({
    ...c,
    iceServers: (c.iceServers ?? []).map((s) => ({ ...s, urls: [s.urls].flat().map((u) => u.replace(/^turn:([^?]+):\d+(\?transport=udp)$/, `turn:$1:${port}$2`)) })),
  });
  window.RTCPeerConnection = class extends RTCPeerConnection {
    /** @param {RTCConfiguration} [c] */
    constructor(c) { super(there(c)); }

    /** @param {RTCConfiguration} [c] */
    setConfiguration(c) { super.setConfiguration(there(c)); }
  };
}

/** watchAnswers runs in the page: keeps whether the last call was answered over the connection of its ring. */
export function watchAnswers() {
  window.WebSocket = class extends WebSocket {
    /** @param {ConstructorParameters<typeof WebSocket>} args */
    constructor(...args) {
      super(...args);
      this.addEventListener('message', ({ data }) => {
        const f = typeof data === 'string' ? JSON.parse(data) : {};
        if (f.kind === 'answered') window.__answeredEarly = JSON.parse(atob(f.body.replaceAll('-', '+').replaceAll('_', '/'))).early === true;
      });
    }
  };
}
