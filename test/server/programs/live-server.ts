/** Serves live updates of a store. Arguments: the URL of the store. Prints the port. */
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { createLonghaul } from "../../../src/index.ts";
import { createServer } from "../../../src/server/create-server.ts";

const longhaul = createLonghaul({ url: process.argv[2] });
const server = createServer(longhaul, {
  auth: { authorize: () => ({ name: "ada", role: "viewer" }) },
});
const http = createAdaptorServer({ fetch: (request) => server.fetch(request) });
http.listen(0, "127.0.0.1", () => console.log((http.address() as AddressInfo).port));
