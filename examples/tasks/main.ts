/**
 * Tasks behind two HTTP routes: on a file, by the machine's clock. Kill it at any moment and start it again: what was
 * begun goes on.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createLonghaul } from "longhaul";
import * as processRoute from "./app/process.ts";
import * as batchRoute from "./app/process-batch.ts";
import { dailyCleanup, longRunningTask, processImage } from "./trigger/tasks.ts";
import config from "./trigger.config.ts";

const print = (line: string) => console.log(line);
const routes: Record<string, (req: Request) => Promise<Response>> = {
  "/api/process": processRoute.POST,
  "/api/process-batch": batchRoute.POST,
};

const stopping = Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
await using longhaul = createLonghaul({
  url: process.env.LONGHAUL_URL ?? "file:.longhaul/tasks.db",
  config,
  tasks: [processImage, longRunningTask, dailyCleanup],
});
await longhaul.start();

const server = createServer((incoming, outgoing) => {
  const answer = async (): Promise<Response> => {
    const route = routes[incoming.url ?? ""];
    if (!route || incoming.method !== "POST") return new Response("not here", { status: 404 });
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    return route(new Request(`http://localhost${incoming.url}`, { method: "POST", body }));
  };
  answer().then(
    async (response) => outgoing.writeHead(response.status).end(await response.text()),
    (error: unknown) => outgoing.writeHead(500).end(String(error)),
  );
});
server.listen(Number(process.env.PORT ?? 3000));
await once(server, "listening");
print(`Listening on port ${(server.address() as AddressInfo).port}; Ctrl-C stops`);

// Once, however often this program is started.
const { id } = await longRunningTask.trigger({ datasetId: "d1" }, { idempotencyKey: "first" });
print(`long-running is ${await longhaul.waitForEnd(id)}`);

await stopping;
server.closeAllConnections();
server.close();
