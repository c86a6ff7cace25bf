// Anna, whose device moves between networks, and Ben, who stays at home with
// the program.

import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:tls';
import { launch } from './browsers.mjs';
import { Person } from './person.mjs';
import { pinOf } from './relayed.mjs';
import { roam } from './roaming.mjs';
import { Api, startServer } from './server.mjs';

/**
 * setMoving starts the program, Ben's browser, and one for Anna in the network that moves.
 * @param {import('./browsers.mjs').Kind} kind Anna's browser
 */
export async function setMoving(kind) {
  const server = await startServer({ tls: true });
  /** @type {(() => Promise<void>)[]} */
  const ends = [() => server.stop()];
  const close = async () => {
    for (const end of ends.reverse()) await end();
  };
  try {
    const socket = connect({ port: server.ports.tls, host: '127.0.0.1', rejectUnauthorized: false }); // it is asked who it is
    await once(socket, 'secureConnect');
    const pin = pinOf(new X509Certificate(socket.getPeerCertificate(true).raw));
    socket.destroy();
    const still = await launch('chromium');
    ends.push(still.close);
    const network = await roam();
    ends.push(network.close);
    const roaming = await launch(kind, { roaming: network, insecureCerts: kind === 'firefox', flags: [`--ignore-certificate-errors-spki-list=${pin}`] });
    ends.push(roaming.close);
    const owner = await new Api(server.origin, 'Olga').signUp(await server.ownerInvite());
    return {
      network,
      versions: { [still.kind]: still.version, [roaming.kind]: roaming.version },
      close,
      /** Both are there, as friends. @param {{local?: Record<string, string>, before?: (p: Person) => Promise<void>}} [options] */
      arrive: async (options = {}) => {
        const first = await new Api(server.origin, 'Anna').signUp(await owner.invite());
        const second = await new Api(server.origin, 'Ben').signUp(await first.invite());
        first.cookie = first.cookie.replace(/^[^=]+/, '__Host-ringfence'); // over HTTPS it has another name
        const anna = await Person.arrive(roaming.browser, `https://${network.home}:${server.ports.tls}`, { ...options, api: first, devices: { side: 1 } });
        anna.expected.push(/WebSocket|ERR_|can’t establish a connection|Failed to load resource|was interrupted while the page was loading/);
        const ben = await Person.arrive(still.browser, server.origin, { ...options, api: second, devices: { side: 2 } });
        return { anna, ben };
      },
    };
  } catch (err) {
    await close();
    throw err;
  }
}
