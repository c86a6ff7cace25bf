// Turns the raw numbers of bench-calls into docs/bench-calls.md.

/**
 * @typedef {object} Raw
 * @property {string} command
 * @property {string} date
 * @property {Record<string, string | number>} machine
 * @property {number} callsPerRun
 * @property {number} runs
 * @property {{run: number, variant: string, click: number[], answer: number[], theirs: number[], others: number[]}[]} results
 */

/**
 * The value below which a part of all values lie (nearest rank).
 * @param {number[]} values @param {number} part
 */
export function percentile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)];
}

/** The values of all runs together, and what the runs by themselves gave. @param {number[][]} byRun @param {number} part */
function cell(byRun, part) {
  const each = byRun.map((r) => Math.round(percentile(r, part)));
  return `${Math.round(percentile(byRun.flat(), part))} (${Math.min(...each)}–${Math.max(...each)})`;
}

/** @param {Raw} raw */
export function report(raw) {
  const all = [...new Set(raw.results.map((r) => r.variant))];
  const rung = all.filter((name) => / ms, /.test(name));
  const second = rung.map((name) => {
    const mine = raw.results.filter((r) => r.variant === name);
    const answer = mine.map((r) => r.answer), theirs = mine.map((r) => r.theirs);
    return `| ${name} | ${answer.flat().length} | ${cell(answer, 0.5)} | ${cell(answer, 0.95)} | ${cell(theirs, 0.5)} | ${cell(theirs, 0.95)} |`;
  });
  const rows = all.filter((name) => !rung.includes(name)).map((name) => {
    const mine = raw.results.filter((r) => r.variant === name);
    const click = mine.map((r) => r.click), answer = mine.map((r) => r.answer);
    return `| ${name} | ${click.flat().length} | ${cell(click, 0.5)} | ${cell(click, 0.95)} | ${cell(answer, 0.5)} | ${cell(answer, 0.95)} |`;
  });
  const others = raw.results.flatMap((r) => r.others);
  const share = (/** @type {number} */ part) => `${Math.round(100 * percentile(others, part))} %`;
  const m = raw.machine;
  return `# How long a call takes to come about

The base line against which later work is measured. Written by \`${raw.command}\`; the raw numbers are in
[bench-calls.json](bench-calls.json).

| milliseconds | n | click→frame p50 | click→frame p95 | answer→frame p50 | answer→frame p95 |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}

Each value is over all ${raw.runs} runs of ${raw.callsPerRun} calls together; in brackets the least and the greatest of the ${raw.runs} runs by
themselves. Compare only numbers from one machine, and hold no difference for real that lies within the brackets.

## Connected while it rings

Calls that ring for two seconds before they are answered, over the relay by UDP, as always and [connected while they ring](adr/0024-connected-while-it-rings.md),
one after the other in the same run. At 50 ms everything between a browser and the server (page, signaling, relay) takes 25 ms each
way, by a program that holds each packet for so long. Goals for the connected ones: p50 of at most 100 ms at no delay, and 150 ms at 50 ms.

| milliseconds from the answer to the first frame | n | callee p50 | callee p95 | caller p50 | caller p95 |
| --- | --- | --- | --- | --- | --- |
${second.join('\n')}

## What is measured

- **click→frame**: from the press of a friend's “Video call” button to the first frame of the other side on the caller's
  screen (\`requestVideoFrameCallback\` of the stage's video).
- **answer→frame**: from the press of “Accept” to the caller's first frame on the callee's screen. The callee presses at
  once, by a script in the page that waits for the button; what people take to answer is not in the numbers. The time
  until the button is there is in click→frame.
- The whole client and the whole program run: screens, signaling through the hub, credentials minted for each leg, ICE,
  DTLS and SRTP. Pages stay open from call to call, as a person's would; after ten calls two new
  people take over (an account may ring ten times a minute), and the first two calls of each pair are not counted.
- “Relay” means that both sides were made to use the program's own TURN server (“Always use the relay” in the settings), and
  that getStats said so. “Direct” is host to host.
- Camera and microphone are drawn by the page (a canvas at 30 frames a second and an oscillator) and are there at
  once. A real camera takes several hundred milliseconds to start, and that comes on top.

## The machine

${m.cores} cores, ${m.memoryGiB} GiB, ${m.kernel}, ${m.chromium}, ${m.firefox}, Node ${m.node}, ${m.go}; ${raw.date}. Both browsers (headless), the
program and the relay share it, so the network's round trip is next to nothing and the processor is the limit: over a real
network the round trips of ICE and DTLS come on top, and the difference between direct and relayed grows.

How quiet it was: looked at before each pair of people, while the browsers waited, the processor was ${share(0.5)} busy with
other things in the middle, and ${share(0.95)} at the 95th percentile. A busy machine gives higher numbers.
`;
}

/**
 * The section on moves between networks.
 * @param {{command: string, results: {variant: string, gaps: number[], waiting: number}[]}} raw
 */
export function moves(raw) {
  const rows = raw.results.map(({ variant, gaps, waiting }) => `| ${variant} | ${gaps.length} | ${percentile(gaps, 0.5)} | ${percentile(gaps, 0.95)} | ${Math.max(...gaps)} | ${waiting} |`);
  return `## Another network in mid-call

The caller's device moves from Wi-Fi to mobile, and back, over and over in one call. Goal: p50 below one second. Written by \`${raw.command}\`; the raw
numbers are in [bench-moves.json](bench-moves.json), in the order of the moves: from Wi-Fi the first, back to it the second.

| milliseconds without a picture on the other side | moves | p50 | p95 | longest | waiting |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}

“Waiting” is how many threads ran or waited for a processor, in the mean of the last minute of a row: above the number of cores all of it takes longer
than it would. A gap is the longest time between two frames that the other side's browser decoded and showed
(\`requestVideoFrameCallback\`), from 0.2 seconds before the old network is lost until pictures have come for 2.5 seconds after it.

Each browser that moves has a network namespace of its own, with two pairs of veth, each with an address. Moving takes the address and
the link of one away and gives the other its own, with the default route; what is sent to the old address is lost without a word. There
is no address translation and no delay. The other side's browser stays in the program's network. Pages come over TLS, as a phone's do.
`;
}
