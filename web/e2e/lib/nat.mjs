// A router between browsers and the relay's UDP port, which can forget whom it
// passes things on for: what goes out then comes from a new port. For the relay
// that is somebody without an allocation, as everybody is after it started anew.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** @param {number} port of the relay, on this machine */
export async function nat(port) {
  /** @type {Map<string, import('node:dgram').Socket>} */
  const out = new Map();
  const inside = createSocket('udp4');
  const socketFor = (/** @type {import('node:dgram').RemoteInfo} */ from) => {
    const far = createSocket('udp4');
    far.on('message', (b) => inside.send(b, from.port, from.address));
    far.on('error', () => undefined); // nobody listens: as lost as on any network
    return far;
  };
  inside.on('message', (b, from) => {
    const name = `${from.address} ${from.port}`;
    const far = out.get(name) ?? socketFor(from);
    out.set(name, far);
    far.send(b, port, from.address); // browsers, relay and router are one machine
  });
  inside.bind(0, '0.0.0.0');
  await once(inside, 'listening');
  return {
    port: inside.address().port,
    forget: () => {
      for (const far of out.values()) far.close();
      out.clear();
    },
    close: () => {
      for (const far of out.values()) far.close();
      inside.close();
    },
  };
}

/** Runs in the page before all else: relays are asked for at another port. @param {number} from @param {number} to */
export function through(from, to) {
  const real = RTCPeerConnection.prototype.setConfiguration;
  RTCPeerConnection.prototype.setConfiguration = function (/** @type {RTCConfiguration} */ c) {
    const iceServers = (c.iceServers ?? []).map((s) => ({ ...s, urls: [s.urls].flat().map((u) => u.replace(`:${from}`, `:${to}`)) }));
    return real.call(this, { ...c, iceServers });
  };
}
