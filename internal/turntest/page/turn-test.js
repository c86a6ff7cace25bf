// Tests the relay by each way in, and says in words what was found.

// As long as a browser takes to give a way up, and a little more.
const PATIENCE = 15_000;

const start = document.getElementById("start");
const status = document.getElementById("status");
const table = document.getElementById("results");
const body = table.tBodies[0];

/** Splits a URL of RFC 7065 into what people know it by. */
function wayOf(url) {
  const [, scheme, host, port, transport] = /^(turns?):(.+?)(?::(\d+))?(?:\?transport=(udp|tcp))?$/.exec(url) ?? [];
  if (!scheme) return { name: url, net: "", port: "", url, host: "" };
  const secure = scheme === "turns";
  const stream = transport === "tcp" || secure;
  return {
    name: secure ? "TLS" : stream ? "TCP" : "UDP",
    net: stream ? "TCP" : "UDP",
    port: port ?? (secure ? "5349" : "3478"),
    host, url,
  };
}

/** What an operator can do about a way that does not work. */
function advice(way, seen) {
  const codes = [...seen.codes];
  if (codes.includes(401) || codes.includes(403)) {
    return "The relay refused a credential that it had just made. Do the clocks agree? Does another relay listen at this address?";
  }
  // What Firefox 153 makes of 508.
  if (codes.includes(486) || codes.includes(508) || codes.includes(65535)) {
    return "The relay takes no more: it is full, has no port free, or is being drained. See turn.limits, turn.min_port and turn.max_port.";
  }
  if (seen.relayed === 2) {
    return "The relay gave both sides an address, and no packet came through. Is turn.public_ip the address under which the relay is known outside? Are the ports for media, UDP, let through, and may the relay reach its own outside address?";
  }
  if (seen.relayed === 1) return "Only one of two sides got an address. Are ports free (turn.min_port, turn.max_port)?";
  const open = `Is ${way.net} port ${way.port} of ${way.host} let through, by the firewall there and by the one here?`;
  if (way.name === "TLS") {
    // Seen with Firefox 153: it does not even try, and reports no error.
    if (/^(\[.*\]|[\d.]+)$/.test(way.host)) {
      return `Firefox comes by TLS to a name alone, never to an address: does turn.public_ip say the relay's name? ${open} Does this browser trust the certificate, and is it made for ${way.host}?`;
    }
    return `${open} Does this browser trust the certificate, and is it made for ${way.host}? The server's log and ringfence doctor say more.`;
  }
  return `No answer. ${open}`;
}

/** Makes two connections by one way and sends a message there and back. */
async function loop(way, legs) {
  const seen = { codes: new Set(), relayed: 0 };
  const began = performance.now();
  const ends = legs.map((leg) => new RTCPeerConnection({
    iceServers: [{ urls: [way.url], username: leg.username, credential: leg.credential }],
    iceTransportPolicy: "relay",
  }));
  let timer;
  try {
    return await new Promise((resolve, reject) => {
      timer = setTimeout(() => resolve({ works: false, seen }), PATIENCE);
      const gathered = new Set();
      const waiting = [[], []];
      let described = false;
      const pass = (to, candidate) => {
        if (!described) waiting[to].push(candidate);
        else ends[to].addIceCandidate(candidate).catch(() => {}); // the connection was closed
      };
      ends.forEach((end, i) => {
        let any = false;
        end.addEventListener("icecandidate", ({ candidate }) => {
          if (candidate?.candidate) {
            if (!any) seen.relayed += 1;
            any = true;
            pass(1 - i, candidate);
          } else if (!candidate) {
            gathered.add(i);
            // Nothing more will come, and one side has nothing to offer.
            if (gathered.size === 2 && seen.relayed < 2) resolve({ works: false, seen });
          }
        });
        end.addEventListener("icecandidateerror", ({ errorCode }) => seen.codes.add(errorCode));
      });
      const [a, b] = ends;
      const channel = a.createDataChannel("test");
      channel.addEventListener("open", () => channel.send("there and back"));
      channel.addEventListener("message", () => resolve({ works: true, seen, took: performance.now() - began }));
      b.addEventListener("datachannel", (event) => {
        event.channel.addEventListener("message", (message) => event.channel.send(message.data));
      });
      (async () => {
        await a.setLocalDescription(await a.createOffer());
        await b.setRemoteDescription(a.localDescription);
        await b.setLocalDescription(await b.createAnswer());
        await a.setRemoteDescription(b.localDescription);
        described = true;
        waiting.forEach((list, to) => list.forEach((candidate) => pass(to, candidate)));
      })().catch(reject);
    });
  } finally {
    clearTimeout(timer);
    ends.forEach((end) => end.close());
  }
}

// Roles are said in words as well: on a phone rows are drawn as cards, and then
// browsers no longer tell that this is a table.
function cell(row, text, name) {
  const td = row.insertCell();
  td.setAttribute("role", "cell");
  td.textContent = text;
  td.dataset.name = name;
  return td;
}

/** Adds the row of a way, and returns what fills it in. */
function rowOf(way) {
  const row = body.insertRow();
  row.setAttribute("role", "row");
  const head = document.createElement("th");
  head.scope = "row";
  head.setAttribute("role", "rowheader");
  head.className = "way";
  head.append(way.name);
  const url = document.createElement("span");
  url.className = "url";
  url.textContent = way.url;
  head.append(url);
  row.append(head);
  const works = cell(row, "…", "Works");
  const time = cell(row, "", "Time");
  time.className = "time";
  const todo = cell(row, "", "What to do");
  return (result) => {
    works.textContent = result.works ? "Yes" : "No";
    works.className = result.works ? "good" : "bad";
    time.textContent = result.works ? `${Math.round(result.took)} ms` : "";
    todo.textContent = result.works ? "Nothing" : result.todo ?? advice(way, result.seen);
  };
}

async function test(way, legs) {
  const fill = rowOf(way);
  let result;
  try {
    result = await loop(way, legs);
  } catch {
    result = { works: false, todo: "This browser makes no such connection. Is WebRTC switched off, by a setting or an extension?" };
  }
  fill(result);
  return result.works;
}

async function run() {
  body.replaceChildren();
  table.hidden = true;
  status.textContent = "Testing …";
  if (typeof RTCPeerConnection === "undefined") {
    status.textContent = "This browser has no WebRTC, or it is switched off: no call can be made from it.";
    return;
  }
  let answer;
  try {
    answer = await fetch("/turn-test/pair", { method: "POST", cache: "no-store" });
  } catch {
    status.textContent = "The server does not answer. Is it running?";
    return;
  }
  if (!answer.ok) {
    status.textContent = `The server made no credentials: ${await answer.text()}`;
    return;
  }
  const { urls, legs } = await answer.json();
  if (urls.length === 0) {
    status.textContent = "There is nothing to test: the relay has no address that clients could reach, or relays nothing.";
    return;
  }
  table.hidden = false;
  const works = await Promise.all(urls.map((url) => test(wayOf(url), legs)));
  const good = works.filter(Boolean).length;
  status.textContent = good === urls.length
    ? `All is well: ${good === 1 ? "the one way in works" : `all ${good} ways in work`} from here.`
    : good === 0 ? "No way in works from here." : `${good} of ${urls.length} ways in ${good === 1 ? "works" : "work"} from here.`;
}

let running = false;
start.addEventListener("click", async () => {
  if (running) return;
  running = true;
  start.setAttribute("aria-disabled", "true"); // it keeps the focus
  try {
    await run();
  } finally {
    running = false;
    start.removeAttribute("aria-disabled");
  }
});
