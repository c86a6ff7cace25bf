// A wire that gets narrow: in the network of these tests, what one browser
// sends over UDP passes a bottleneck with a short queue.

import { execFileSync } from 'node:child_process';

/** Whether these tests have a network of their own, and so may do this. */
export const ownNetwork = process.env.RINGFENCE_E2E_OWN_NETWORK === '1';

const tc = (/** @type {string} */ line) => execFileSync('tc', line.split(' '), { stdio: ['ignore', 'pipe', 'pipe'] }).toString();

/**
 * narrow lets kbit/s through from a UDP port, until the function that it returns is called.
 * @param {number} port @param {number} kbit
 */
export function narrow(port, kbit) {
  if (!ownNetwork) throw new Error('this is the machine’s own network');
  widen();
  tc('qdisc add dev lo root handle 1: htb default 10 r2q 1000');
  try {
    tc('class add dev lo parent 1: classid 1:10 htb rate 10gbit quantum 60000');
    tc(`class add dev lo parent 1: classid 1:20 htb rate ${kbit}kbit burst 3k quantum 3000`);
    tc(`qdisc add dev lo parent 1:20 bfifo limit ${Math.max(6000, Math.round(kbit * 125 * 0.4))}`); // 0.4 seconds
    tc(`filter add dev lo parent 1: protocol ip u32 match ip protocol 17 0xff match ip sport ${port} 0xffff flowid 1:20`);
  } catch (err) {
    widen();
    throw err;
  }
  return widen;
}

/** The wire as it was. */
export function widen() {
  try {
    tc('qdisc del dev lo root');
  } catch { /* it is wide */ }
}

/**
 * sever lets nothing through over UDP, and nothing over TCP from or to the relay's ports: two browsers
 * that each reach it over TCP need no packet over UDP. It holds until the function that it returns is called.
 * @param {number[]} relay
 */
export function sever(relay) {
  if (!ownNetwork) throw new Error('this is the machine’s own network');
  widen();
  tc('qdisc add dev lo root handle 1: htb default 10 r2q 1000');
  try {
    tc('class add dev lo parent 1: classid 1:10 htb rate 10gbit quantum 60000');
    tc('class add dev lo parent 1: classid 1:20 htb rate 8kbit burst 1k quantum 1500');
    tc('qdisc add dev lo parent 1:20 bfifo limit 10'); // shorter than any packet
    const cut = (/** @type {string} */ match) => tc(`filter add dev lo parent 1: protocol ip u32 match ip protocol ${match} flowid 1:20`);
    cut('17 0xff');
    for (const port of relay) for (const side of ['sport', 'dport']) cut(`6 0xff match ip ${side} ${port} 0xffff`);
  } catch (err) {
    widen();
    throw err;
  }
  return widen;
}
