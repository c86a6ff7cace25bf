// A PeerJS server for the measurement: as it is, but for how many may connect.
// It writes its address as a line and ends with its input.
import { PeerServer } from "peer";

const server = PeerServer(
  { host: "127.0.0.1", port: 0, path: "/", concurrent_limit: 50_000 },
  (http) => console.log(`127.0.0.1:${http.address().port}`),
);
server.on("error", (e) => console.error(e.message));
process.stdin.resume().on("end", () => process.exit(0));
