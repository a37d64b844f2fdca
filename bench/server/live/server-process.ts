/** A process that serves live updates of a store, and does nothing else. Arguments: the URL of the store, the port (0: any). */
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { createLonghaul } from "longhaul";
import { createServer } from "longhaul/server";
import type { Message } from "./protocol.ts";

const [url = "", port = "0"] = process.argv.slice(2);
process.once("disconnect", () => process.exit());

const longhaul = createLonghaul({ url });
const server = createServer(longhaul, {
  auth: { authorize: () => ({ name: "bench", role: "viewer" }) },
  live: { maxConnectionsPerPrincipal: 5_000 },
});
const http = createAdaptorServer({ fetch: (request) => server.fetch(request) });
http.listen(Number(port), "127.0.0.1", 4_096, () => {
  const listening: Message = { kind: "listening", port: (http.address() as AddressInfo).port };
  process.send!(listening);
});
